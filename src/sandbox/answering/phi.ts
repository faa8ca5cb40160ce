// What the default model does with its inputs before it looks: the published `predict.py` of
// jimothyjohn/phi3-vision-instruct and the processor of Phi-3.5-vision, with their error texts.
import type { JsonObject } from '../json.js';
import type { FetchPicture, Picture } from './answering-model.js';

/** The model's full name. */
export const PHI = 'jimothyjohn/phi3-vision-instruct';

/**
 * The places that a tag is padded to, and the features of its picture: those of a square picture at
 * `num_crops=4`. A repeated tag has places and no features.
 */
const TOKENS_PER_PICTURE = 757;

/** The width of the language model that the features are put into. */
const FEATURE_WIDTH = 3072;

/**
 * Fetches what `image_urls` names, as the older version does: split on commas, one after the other, an answer
 * other than 200 skipped while the numbers of the others stay. Throws when none is left, when the numbers
 * have a hole or come twice, and what the fetching throws.
 */
export async function phiPictures(
  imageUrls: string,
  prompt: string,
  fetchPicture: FetchPicture,
  signal: AbortSignal,
): Promise<Picture[]> {
  const pictures: Picture[] = [];
  const numbers: number[] = [];
  for (const [index, url] of imageUrls.split(',').entries()) {
    const { status, bytes } = await fetchPicture(url, signal);
    if (status !== 200) continue;
    pictures.push({ url, bytes });
    numbers.push(index + 1);
  }
  if (pictures.length === 0) throw new Error('No valid images were provided.');
  checkTags([...numbers, ...numbersInPrompt(prompt)], pictures.length);
  return pictures;
}

/**
 * Refuses tags of pictures in the prompt as the processor and the model do. `predict.py` has placed one for each
 * picture before it, so that any further one names no picture, or fails the prediction by its padding.
 */
export function checkPhiTags(prompt: string, pictures: number): void {
  const placed = Array.from({ length: pictures }, (_, index) => index + 1);
  checkTags([...placed, ...numbersInPrompt(prompt)], pictures);
}

/** Refuses to sample at temperature 0, as the `transformers` library does. */
export function checkPhiSampling(input: JsonObject): void {
  if (input.temperature !== 0 || input.do_sample === false) return;
  throw new Error(
    "`temperature` (=0.0) has to be a strictly positive float, otherwise your next token scores will be invalid. If you're looking for greedy decoding strategies, set `do_sample=False`.",
  );
}

function numbersInPrompt(prompt: string): number[] {
  return [...prompt.matchAll(/<\|image_(\d+)\|>/g)].map((match) => Number(match[1]));
}

function checkTags(numbers: readonly number[], pictures: number): void {
  const ids = [...new Set(numbers)].sort((one, other) => one - other);
  if (ids.some((id, index) => id !== index + 1)) {
    throw new Error(
      `image_ids must start from 1, and must be continuous int, e.g. [1, 2, 3], cannot be [${ids.join(', ')}]`,
    );
  }
  if (ids.length !== pictures) {
    throw new Error(
      `total images must be the same as the number of image tags, got ${ids.length} image tags and ${pictures} images`,
    );
  }
  if (numbers.length !== ids.length) {
    const features = pictures * TOKENS_PER_PICTURE;
    const places = numbers.length * TOKENS_PER_PICTURE;
    throw new Error(
      `shape mismatch: value tensor of shape [${features}, ${FEATURE_WIDTH}] cannot be broadcast to indexing result of shape [${places}, ${FEATURE_WIDTH}]`,
    );
  }
}
