import fc from 'fast-check';
import llamaTokenizer from 'llama-tokenizer-js';
import { describe, expect, it } from 'vitest';
import { longTexts, shortTexts } from '../../test/fixtures/tokenizer/corpus.js';
import { countTokens, truncateToTokens } from './llama-tokenizer.js';

const FIRST_BYTE_ID = 3;
const LAST_BYTE_ID = 258;
const SPACE_ID = 29871;

/** As the library decodes: half a character is U+FFFD, and a typed space mark is a space. */
const asDecoded = (text: string): string => text.toWellFormed().replaceAll('▁', ' ');

/** Every rule of a truncation at one limit; `ids` are the library's for the text. */
function expectTruncation(text: string, ids: number[], limit: number): string {
  const cut = truncateToTokens(text, limit);
  expect(text.startsWith(cut.text)).toBe(true);
  expect(cut.tokens).toBeLessThanOrEqual(limit);
  expect(cut.tokens).toBe(countTokens(cut.text));
  expect(cut.truncated).toBe(ids.length > limit);
  expect(cut.text === text).toBe(!cut.truncated);
  expect(llamaTokenizer.decode(ids.slice(0, cut.tokens), false, true)).toBe(asDecoded(cut.text));
  expectNothingWholeDropped(text.slice(cut.text.length), ids.slice(cut.tokens, Math.min(limit, ids.length)));
  return cut.text;
}

/** What is missing up to the limit is a part of one character, or the leading space alone. */
function expectNothingWholeDropped(rest: string, dropped: number[]): void {
  if (dropped.length === 0) return;
  const partial = dropped[0] === SPACE_ID ? dropped.slice(1) : dropped;
  const next = Buffer.from(String.fromCodePoint(rest.codePointAt(0) ?? 0));
  expect(partial.every((id) => id >= FIRST_BYTE_ID && id <= LAST_BYTE_ID)).toBe(true);
  expect(partial.length).toBeLessThan(next.length);
  expect(partial).toEqual(Array.from(next.subarray(0, partial.length), (byte) => FIRST_BYTE_ID + byte));
}

function expectTruncationsAtEveryLimit(text: string): void {
  const ids = llamaTokenizer.encode(text, false, true);
  let before = '';
  for (let limit = 0; limit <= ids.length + 1; limit++) {
    const kept = expectTruncation(text, ids, limit);
    expect(kept.startsWith(before)).toBe(true);
    before = kept;
  }
}

describe('truncateToTokens', () => {
  it('keeps the first tokens of a text', () => {
    const text = 'Describe the image.';
    expect(truncateToTokens(text, 3)).toEqual({ text: 'Describe the', tokens: 3, truncated: true });
    expect(truncateToTokens(text, 5)).toEqual({ text, tokens: 5, truncated: false });
  });

  it('keeps the spaces that a text begins with', () => {
    expect(truncateToTokens('   grabbed', 1)).toEqual({ text: '  ', tokens: 1, truncated: true });
    expect(truncateToTokens(' \nx', 1)).toEqual({ text: ' ', tokens: 1, truncated: true });
  });

  it('drops a character of which only some bytes fit', () => {
    expect(truncateToTokens('a🦙b', 4)).toEqual({ text: 'a', tokens: 1, truncated: true });
    expect(truncateToTokens('a🦙b', 5)).toEqual({ text: 'a🦙', tokens: 5, truncated: true });
  });

  it('counts nothing when only the space before the text fits', () => {
    expect(truncateToTokens('\nx', 1)).toEqual({ text: '', tokens: 0, truncated: true });
    expect(truncateToTokens('🦙', 4)).toEqual({ text: '', tokens: 0, truncated: true });
    expect(truncateToTokens('a', 0)).toEqual({ text: '', tokens: 0, truncated: true });
    expect(truncateToTokens('', 0)).toEqual({ text: '', tokens: 0, truncated: false });
  });

  it.each([-1, 1.5, NaN, Infinity])('refuses a limit of %s', (limit) => {
    expect(() => truncateToTokens('a', limit)).toThrow(RangeError);
  });

  it('cuts short texts rightly at every limit', () => {
    shortTexts.forEach(expectTruncationsAtEveryLimit);
  });

  it('cuts the beginnings of long texts rightly at every limit', () => {
    for (const text of longTexts) expectTruncationsAtEveryLimit(text.slice(0, 700));
  });

  it('cuts any text rightly at any limit', () => {
    const unit = fc.oneof(fc.constantFrom(...' ▁ea\n🦙'), fc.string({ unit: 'binary', maxLength: 3 }));
    const texts = fc.oneof(
      fc.string({ unit, maxLength: 60 }),
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
    );
    fc.assert(
      fc.property(texts, fc.nat({ max: 80 }), (text, limit) => {
        expectTruncation(text, llamaTokenizer.encode(text, false, true), limit);
      }),
      { numRuns: 2000 },
    );
  });

  it('cuts inside a chunk of 500,000 letters', () => {
    const text = 'a'.repeat(500_000);
    const cut = truncateToTokens(text, 1000);
    expect(text.startsWith(cut.text)).toBe(true);
    expect(cut).toMatchObject({ tokens: 1000, truncated: true });
    expect(countTokens(cut.text)).toBe(1000);
  });
});
