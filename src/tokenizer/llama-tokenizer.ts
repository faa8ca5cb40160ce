// Counts and cuts texts in tokens of Llama's 32,000-token vocabulary, with exactly the results of
// llama-tokenizer-js. Nothing here knows models, prices or requests.
import { LRUCache } from 'lru-cache';
import { characterTokens, chunkAt, chunkEnd, chunkIds, isOneCharacter, TEXT_START } from './chunks.js';
import { Vocabulary, vocabulary } from './vocabulary.js';

/** Chunks remembered, and the longest one in UTF-16 units: about 3 MB when full. */
const MEMO_CHUNKS = 16_384;
const MEMO_CHUNK_LENGTH = 24;

const memo = new LRUCache<string, number>({ max: MEMO_CHUNKS });

/** A text cut to a number of tokens. */
export interface Truncation {
  /** A prefix of the text that was given; that same string when nothing was cut. */
  text: string;
  /** The tokens of `text`: equal to `countTokens(text)`. */
  tokens: number;
  truncated: boolean;
}

/**
 * The number of tokens of a text, without a beginning-of-text token: the length of
 * `llamaTokenizer.encode(text, false, true)`. Control tokens typed as text (`<s>`) count as the characters
 * they are. The empty text has 0. Time is linear in the text, n log n in a long run without a seam.
 */
export function countTokens(text: string): number {
  if (text === '') return 0;
  const tables = vocabulary();
  let tokens = 0;
  for (let start = TEXT_START, end = 0; start < text.length; start = end) {
    end = chunkEnd(text, start, tables);
    tokens += chunkTokens(chunkAt(text, start, end), tables);
  }
  return tokens;
}

/** The token ids of a text: `llamaTokenizer.encode(text, false, true)`. */
export function tokenIds(text: string): number[] {
  if (text === '') return [];
  const tables = vocabulary();
  const ids: number[] = [];
  for (let start = TEXT_START, end = 0; start < text.length; start = end) {
    end = chunkEnd(text, start, tables);
    for (const id of chunkIds(chunkAt(text, start, end), tables)) ids.push(id);
  }
  return ids;
}

/**
 * The text of the first `maxTokens` tokens. A character of several byte tokens is kept whole or dropped; a
 * leading space that is left alone is dropped too, so fewer tokens than `maxTokens` may remain. Reads no more
 * of the text than it keeps, to the end of the chunk. Throws RangeError unless `maxTokens` is a whole number
 * from 0.
 */
export function truncateToTokens(text: string, maxTokens: number): Truncation {
  if (!Number.isInteger(maxTokens) || maxTokens < 0) {
    throw new RangeError(`maxTokens must be a whole number from 0, not ${maxTokens}`);
  }
  if (text === '') return { text, tokens: 0, truncated: false };
  const tables = vocabulary();
  let tokens = 0;
  for (let start = TEXT_START, end = 0; start < text.length; start = end) {
    end = chunkEnd(text, start, tables);
    const chunk = chunkAt(text, start, end);
    const more = chunkTokens(chunk, tables);
    if (tokens + more > maxTokens) {
      const part = firstTokens(chunk, maxTokens - tokens, tables);
      const kept = start + part.length;
      // Nothing but the leading space, which is no part of the text.
      if (kept <= 0) return { text: '', tokens: 0, truncated: true };
      return { text: text.slice(0, kept), tokens: tokens + part.tokens, truncated: true };
    }
    tokens += more;
  }
  return { text, tokens, truncated: false };
}

function chunkTokens(chunk: string, tables: Vocabulary): number {
  if (isOneCharacter(chunk)) return characterTokens(chunk, tables);
  if (chunk.length > MEMO_CHUNK_LENGTH) return chunkIds(chunk, tables).length;
  const known = memo.get(chunk);
  if (known !== undefined) return known;
  const tokens = chunkIds(chunk, tables).length;
  memo.set(detached(chunk), tokens);
  return tokens;
}

/** A copy of the string: V8's slices refer to their whole text, and not every version's Map copies its keys. */
function detached(slice: string): string {
  return String.fromCharCode(...Array.from({ length: slice.length }, (_, i) => slice.charCodeAt(i)));
}

/** How many of a chunk's first `limit` tokens make whole characters, and their length in UTF-16 units. */
function firstTokens(chunk: string, limit: number, tables: Vocabulary): { tokens: number; length: number } {
  if (isOneCharacter(chunk)) return { tokens: 0, length: 0 };
  const ids = chunkIds(chunk, tables).subarray(0, limit);
  return { tokens: ids.length, length: ids.reduce((sum, id) => sum + (tables.tokenLengths[id] ?? 0), 0) };
}
