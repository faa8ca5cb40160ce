// Makes a prediction's output: fetch its pictures, ask the model, cut the text to its limit, shape it.
import { truncateToTokens } from '../../tokenizer/llama-tokenizer.js';
import type { CreateOrder } from '../create-body.js';
import type { JsonObject } from '../json.js';
import { fullName } from '../models/catalogue.js';
import type { AnsweringModel, FetchPicture, Picture } from './answering-model.js';
import { readPictureUrls, readPrompt, readSystemPrompt, readTokenLimit, withDefaults } from './inputs.js';
import { shapedOutput } from './output.js';
import { checkPhiSampling, PHI, phiPictures } from './phi.js';

/** What answering needs from outside. */
export interface AnsweringParts {
  readonly model: AnsweringModel;
  readonly fetchPicture: FetchPicture;
}

/** The output for an accepted create. What it throws is the prediction's `error`. */
export async function answer(
  order: CreateOrder,
  parts: AnsweringParts,
  signal: AbortSignal,
): Promise<unknown> {
  const { model, version } = order.target;
  const input = withDefaults(order.input, version);
  const systemPrompt = readSystemPrompt(input);
  const prompt = readPrompt(input);
  const text = await parts.model({
    model: fullName(model),
    version: version.id,
    prompt,
    ...(systemPrompt !== undefined && { systemPrompt }),
    pictures: await loadPictures(order, input, prompt, parts.fetchPicture, signal),
    input: order.input,
    signal,
  });
  const limit = readTokenLimit(input);
  return shapedOutput(limit === undefined ? text : truncateToTokens(text, limit).text, version.output);
}

async function loadPictures(
  order: CreateOrder,
  input: JsonObject,
  prompt: string,
  fetchPicture: FetchPicture,
  signal: AbortSignal,
): Promise<Picture[]> {
  const { model, version } = order.target;
  if (fullName(model) !== PHI) return downloaded(readPictureUrls(order.input, version), fetchPicture, signal);
  const { image_urls: list } = input;
  const pictures =
    typeof list === 'string'
      ? await phiPictures(list, prompt, fetchPicture, signal)
      : await downloaded(readPictureUrls(order.input, version), fetchPicture, signal);
  checkPhiSampling(input);
  return pictures;
}

/**
 * What cog does with inputs of type file: data URIs are decoded, URLs fetched, and anything but success
 * fails.
 */
function downloaded(
  urls: readonly string[],
  fetchPicture: FetchPicture,
  signal: AbortSignal,
): Promise<Picture[]> {
  return Promise.all(urls.map(async (url) => ({ url, bytes: await download(url, fetchPicture, signal) })));
}

async function download(url: string, fetchPicture: FetchPicture, signal: AbortSignal): Promise<Uint8Array> {
  const embedded = /^data:[^,]*,/.exec(url)?.[0];
  if (embedded !== undefined) {
    const data = url.slice(embedded.length);
    return embedded.endsWith(';base64,')
      ? Buffer.from(data, 'base64')
      : Buffer.from(decodeURIComponent(data));
  }
  const { status, bytes } = await fetchPicture(url, signal);
  if (status < 400) return bytes;
  throw new Error(`${status} ${status < 500 ? 'Client' : 'Server'} Error for url: ${url}`);
}
