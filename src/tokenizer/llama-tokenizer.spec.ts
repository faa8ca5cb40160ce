import fc from 'fast-check';
import llamaTokenizer from 'llama-tokenizer-js';
import { describe, expect, it } from 'vitest';
import { longTexts, shortTexts } from '../../test/fixtures/tokenizer/corpus.js';
import { countTokens, tokenIds } from './llama-tokenizer.js';

const libraryIds = (text: string): number[] => llamaTokenizer.encode(text, false, true);

/** Twice, so that the second count comes from the memo. */
function expectLibrarysResult(text: string): void {
  const expected = libraryIds(text);
  expect(tokenIds(text)).toEqual(expected);
  expect(countTokens(text)).toBe(expected.length);
  expect(countTokens(text)).toBe(expected.length);
}

const units = (alphabet: string) => fc.constantFrom(...alphabet);
const vocabularyText = fc
  .array(fc.integer({ min: 259, max: llamaTokenizer.vocabById.length - 1 }), { maxLength: 30 })
  .map((ids) => ids.map((id) => llamaTokenizer.vocabById[id]).join(''));

const kinds: [string, fc.Arbitrary<string>, number][] = [
  ['UTF-16 units, halves of characters included', utf16Units(), 1000],
  ['any code points', fc.string({ unit: 'binary', maxLength: 60 }), 1000],
  ['graphemes', fc.string({ unit: 'grapheme', maxLength: 60 }), 1000],
  ['printable ASCII', fc.string({ unit: 'grapheme-ascii', maxLength: 120 }), 1000],
  ['letters, spaces and marks', fc.string({ unit: units('etaoin shr\n.,"-E1'), maxLength: 120 }), 1500],
  ['spaces and their marks', fc.string({ unit: units('  ▁a\t'), maxLength: 60 }), 500],
  ['code marks', fc.string({ unit: units('(){};"\'\r\n =<>/\\*'), maxLength: 80 }), 1000],
  ['Cyrillic and combining letters', fc.string({ unit: units('оеаитнсй\u0301 вПр'), maxLength: 80 }), 500],
  ['tokens in any order', vocabularyText, 1500],
  ['tokens in any order with spaces', vocabularyText.map((text) => text.replaceAll('▁', ' ')), 1000],
  ['long runs without a seam', fc.string({ unit: units('etaoins'), minLength: 65, maxLength: 600 }), 150],
];

function utf16Units(): fc.Arbitrary<string> {
  const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff }));
  return fc.array(unit, { maxLength: 60 }).map((codes) => String.fromCharCode(...codes));
}

describe('countTokens and tokenIds', () => {
  it('count the example prompt as five tokens and the empty text as none', () => {
    expect(countTokens('Describe the image.')).toBe(5);
    expect(countTokens('')).toBe(0);
    expect(tokenIds('')).toEqual([]);
  });

  it.each(shortTexts)("give the library's result for %j", (text) => {
    expectLibrarysResult(text);
  });

  it("give the library's result for whole files, their lines and their windows", () => {
    for (const text of longTexts) {
      expectLibrarysResult(text);
      for (const line of text.split('\n')) expectLibrarysResult(line);
      for (let start = 0; start < text.length; start += 37)
        expectLibrarysResult(text.slice(start, start + 90));
    }
  });

  it("give the library's result for five thousand words", () => {
    expectLibrarysResult(longTexts.join('\n').repeat(6));
  });

  it("give each token's own text the library's result", () => {
    for (const token of llamaTokenizer.vocabById) {
      const expected = libraryIds(token);
      if (countTokens(token) !== expected.length) expect.fail(`"${token}" counts ${countTokens(token)}`);
    }
  });

  it.each(kinds)("give the library's result for %s", (_, texts, numRuns) => {
    fc.assert(fc.property(texts, expectLibrarysResult), { numRuns });
  });
});

describe('long texts without mercy', () => {
  const alphabet = 'etaoinsrhl';
  const shuffled = (length: number): string =>
    Array.from({ length }, (_, i) => alphabet[(i * i * 7 + i * 13 + (i >> 3)) % 10]).join('');
  // A linear congruential generator: any units, and the same ones at each run.
  const anyUnits = (length: number): string => {
    let state = 42;
    const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 16;
    return Array.from({ length }, () => String.fromCharCode(next())).join('');
  };
  const makers: [string, (length: number) => string][] = [
    ['one letter', (length) => 'a'.repeat(length)],
    ['spaces', (length) => ' '.repeat(length)],
    ['letters without a seam', shuffled],
    ['random units', anyUnits],
  ];

  it.each(makers)('equal the library on some thousand units: %s', (_, make) => {
    for (const length of [1000, 4001]) expectLibrarysResult(make(length));
  });

  it.each(makers)('are counted and encoded whole at 500,000 units: %s', (_, make) => {
    const text = make(500_000);
    const ids = tokenIds(text);
    expect(countTokens(text)).toBe(ids.length);
    const expected = text.toWellFormed().replaceAll('▁', ' ');
    expect(llamaTokenizer.decode(ids, false, true) === expected).toBe(true);
  });
});
