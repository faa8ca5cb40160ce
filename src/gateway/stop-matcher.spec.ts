import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findStop } from '../inference/stop.js';
import { StopMatcher } from './stop-matcher.js';

/** Where the first stop text begins in the pieces taken together; undefined where there is none. */
function findIn(pieces: readonly string[], stop: readonly string[]): number | undefined {
  const matcher = new StopMatcher(stop);
  let before = 0;
  for (const piece of pieces) {
    const found = matcher.add(piece);
    if (found !== undefined) return before + found;
    before += piece.length;
  }
  return undefined;
}

/** The longest end of a text that a stop text begins with, and is not all of. */
function pendingOf(text: string, stop: readonly string[]): number {
  const ends = Array.from({ length: text.length + 1 }, (_, from) => text.slice(from));
  return ends.find((end) => stop.some((word) => word !== end && word.startsWith(end)))?.length ?? 0;
}

/** Few letters, so that stop texts overlap themselves, each other and the text. */
const texts = (letters: readonly string[], maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...letters), maxLength });
const cases = (letters: readonly string[]) =>
  fc.tuple(fc.array(texts(letters, 6), { maxLength: 30 }), fc.array(texts(letters, 7), { maxLength: 4 }));

describe('stop texts in an answer that comes in pieces', () => {
  it.each([
    ['two letters', ['a', 'b']],
    ['three letters', ['a', 'b', 'c']],
    ['halves of characters', ['\ud83d', '\ude80', 'a']],
  ])('are found where they are in the whole, however it is divided: %s', (_, letters) => {
    fc.assert(
      fc.property(cases(letters), ([pieces, stop]) => {
        expect(findIn(pieces, stop)).toBe(findStop(pieces.join(''), stop));
      }),
      { numRuns: 3000 },
    );
  });

  it('are pending for as much of the end as may be the beginning of one', () => {
    fc.assert(
      fc.property(cases(['a', 'b']), ([pieces, stop]) => {
        const matcher = new StopMatcher(stop);
        let text = '';
        for (const piece of pieces) {
          text += piece;
          if (matcher.add(piece) !== undefined) return;
          expect(matcher.pending).toBe(pendingOf(text, stop));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['one that begins before the piece', ['xE', 'N', 'D'], ['END'], 1],
    ['one that overlaps its own beginning', ['a', 'abaab', 'abab'], ['abab'], 4],
    ['the one that is complete first', ['ab', 'cd'], ['abcd', 'c'], 2],
    ['of two that end together the longer', ['ab', 'c'], ['bc', 'abc', 'c'], 0],
    ['none that is empty', ['ab'], ['', 'c'], undefined],
    ['none where none is asked for', ['ab'], [], undefined],
  ])('are %s', (_, pieces, stop, at) => {
    expect(findIn(pieces, stop)).toBe(at);
  });

  // To compare all ends of the text with all beginnings of the stop texts, piece by piece, would take hours here.
  it.each([
    ['pieces of many units', 200, 10_000],
    ['pieces of one unit', 300_000, 1],
  ])('cost time linear in the answer, though all of it is nearly a stop text: %s', (_, count, size) => {
    const stop = [0, 1, 2, 3].map((more) => `${'a'.repeat(50_000 + more)}c`);
    const matcher = new StopMatcher(stop);
    const piece = 'a'.repeat(size);
    for (let i = 0; i < count; i++) expect(matcher.add(piece)).toBeUndefined();
    expect(matcher.pending).toBe(50_003);
    expect(matcher.add('bc')).toBeUndefined();
    expect(matcher.pending).toBe(0);
    expect(matcher.add(`${'a'.repeat(50_001)}c`)).toBe(0);
  });
});
