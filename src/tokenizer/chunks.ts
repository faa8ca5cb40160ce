// Cuts a text into chunks that encode independently of each other, and gives the token ids of one chunk.
// Counting and cutting whole texts, and remembering chunks, is llama-tokenizer.ts.
import { applyMerges } from './byte-pair-encoding.js';
import { Vocabulary } from './vocabulary.js';

/**
 * Where a text starts: SentencePiece puts a space before its first character, which is at 0. That space is not
 * put into the text: V8 may redo a concatenation at each read of it in the same function, in quadratic time.
 */
export const TEXT_START = -1;

const LEADING_SPACE = ' ';

/**
 * Where the chunk that starts at `start` ends, in UTF-16 units. A chunk is one character, or several one-unit
 * characters that all have a token.
 *
 * Encoding chunk by chunk is exact. A merge that crosses the seam between characters a and b takes a left
 * token that ends in a and a right token that begins with b; `joins` holds every such (a, b) in the merge
 * table, so where it does not hold (a, b) no merge ever crosses. Byte-pair encoding repeats: apply the lowest
 * (rank, position) among the possible merges. With no merge across a seam, what is possible on one side never
 * depends on the other side, and each side's merges come in the same order alone as in the whole text.
 *
 * The library orders merges by `rank + position / text.length` with ranks 2 apart. Only within one chunk does
 * order matter; its characters are one token each, so its positions differ by at most the text's length, the
 * fraction by at most 1, and that order is (rank, position) too.
 */
export function chunkEnd(text: string, start: number, vocabulary: Vocabulary): number {
  const { joinClasses, joins, joinClassCount } = vocabulary;
  const first = start === TEXT_START ? LEADING_SPACE.charCodeAt(0) : text.charCodeAt(start);
  let left = joinClasses[first] ?? 0;
  let end = start + 1;
  if (left === 0) return isSurrogatePair(first, text, end) ? end + 1 : end;
  while (end < text.length) {
    const right = joinClasses[text.charCodeAt(end)] ?? 0;
    if (joins[left * joinClassCount + right] !== 1) break;
    left = right;
    end += 1;
  }
  return end;
}

/** The chunk at `start`..`end`, with the leading space when it is the text's first. */
export function chunkAt(text: string, start: number, end: number): string {
  return start === TEXT_START ? LEADING_SPACE + text.slice(0, end) : text.slice(start, end);
}

/** The token ids of a chunk that `chunkEnd` cut. The array is the caller's own. */
export function chunkIds(chunk: string, vocabulary: Vocabulary): Int32Array {
  if (isOneCharacter(chunk)) return characterIds(chunk, vocabulary);
  const ids = new Int32Array(chunk.length);
  for (let i = 0; i < ids.length; i++) ids[i] = vocabulary.characterIds[chunk.charCodeAt(i)] ?? 0;
  return ids.subarray(0, applyMerges(ids, ids.length, vocabulary.merges));
}

/** Whether a chunk is a single character, whose tokens are cut together or not at all. */
export function isOneCharacter(chunk: string): boolean {
  return chunk.length === 1 || (chunk.codePointAt(0) ?? 0) >= 0x10000;
}

/** The number of tokens of a chunk that is one character: 1, or its UTF-8 bytes when it has no token. */
export function characterTokens(character: string, vocabulary: Vocabulary): number {
  const codePoint = character.codePointAt(0) ?? 0;
  if (codePoint < 0x80 || characterId(codePoint, vocabulary) !== 0) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

function characterId(codePoint: number, vocabulary: Vocabulary): number {
  if (codePoint >= 0x10000) return vocabulary.astralIds.get(codePoint) ?? 0;
  return vocabulary.characterIds[codePoint] ?? 0;
}

/**
 * One id, or those of the UTF-8 bytes when the character has none. A lone surrogate gives the bytes of U+FFFD,
 * as encoding it does, not the token of U+FFFD.
 */
function characterIds(character: string, vocabulary: Vocabulary): Int32Array {
  const id = characterId(character.codePointAt(0) ?? 0, vocabulary);
  if (id !== 0) return Int32Array.of(id);
  return Int32Array.from(Buffer.from(character), (byte) => vocabulary.byteIds[byte] ?? 0);
}

function isSurrogatePair(first: number, text: string, second: number): boolean {
  if (first < 0xd800 || first > 0xdbff) return false;
  const unit = text.charCodeAt(second);
  return unit >= 0xdc00 && unit <= 0xdfff;
}
