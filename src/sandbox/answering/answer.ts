// Makes a prediction's output: fetch its pictures, ask the model, cut the text to its limit, shape it. Counts
// its tokens where the model does.
import { countTokens, truncateToTokens } from '../../tokenizer/llama-tokenizer.js';
import type { CreateOrder } from '../create-body.js';
import type { OwnFiles } from '../files/own-files.js';
import type { JsonObject } from '../json.js';
import { fullName } from '../models/catalogue.js';
import type { Work } from '../predictions/prediction-run.js';
import type { AnsweringModel, FetchPicture, Picture } from './answering-model.js';
import { readTurns } from './conversation.js';
import { readPictures, readPrompt, readSystemPrompt, readTokenLimit, withDefaults } from './inputs.js';
import { outputText, shapedOutput } from './output.js';
import { checkPhiSampling, checkPhiTags, PHI, phiPictures } from './phi.js';
import { downloadedPictures, refusingOwnFiles } from './picture-download.js';

/** What answering needs from outside. */
export interface AnsweringParts {
  readonly model: AnsweringModel;
  readonly fetchPicture: FetchPicture;
  readonly files: OwnFiles;
}

/** What the model of an accepted create does. Only official models count tokens, as on Replicate. */
export function workOf(order: CreateOrder, parts: AnsweringParts): Work {
  return {
    answer: (signal) => answer(order, parts, signal),
    measure: (output) => (order.target.model.official ? tokenCounts(order, output) : {}),
  };
}

async function answer(order: CreateOrder, parts: AnsweringParts, signal: AbortSignal): Promise<unknown> {
  const { model, version } = order.target;
  const input = withDefaults(order.input, version);
  const systemPrompt = readSystemPrompt(input);
  const prompt = readPrompt(input);
  const text = await parts.model({
    model: fullName(model),
    version: version.id,
    prompt,
    ...(systemPrompt !== undefined && { systemPrompt }),
    turns: readTurns(input, prompt),
    pictures: await loadPictures(order, input, prompt, parts, signal),
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
  parts: AnsweringParts,
  signal: AbortSignal,
): Promise<Picture[]> {
  const { model, version } = order.target;
  const { image_urls: list } = input;
  const isPhi = fullName(model) === PHI;
  const pictures =
    isPhi && typeof list === 'string'
      ? await phiPictures(list, prompt, refusingOwnFiles(parts), signal)
      : await downloadedPictures(readPictures(order.input, version), parts, signal);
  if (isPhi) {
    if (typeof list !== 'string') checkPhiTags(prompt, pictures.length);
    checkPhiSampling(input);
  }
  return pictures;
}

function tokenCounts(order: CreateOrder, output: unknown): Record<string, number> {
  const input = withDefaults(order.input, order.target.version);
  const asked = [readSystemPrompt(input) ?? '', readPrompt(input)];
  return {
    input_token_count: asked.reduce((sum, text) => sum + countTokens(text), 0),
    output_token_count: countTokens(outputText(output)),
  };
}
