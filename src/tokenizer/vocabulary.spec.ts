import llamaTokenizer from 'llama-tokenizer-js';
import { describe, expect, it } from 'vitest';
import { NO_MERGE, rankOf, resultOf } from './merge-table.js';
import { vocabulary } from './vocabulary.js';

const { vocabById, vocabByString, merges } = llamaTokenizer;
const FIRST_MERGED_ID = 259;

describe('vocabulary', () => {
  it('holds each merge of the library with its rank and result', () => {
    const tables = vocabulary();
    let rank = 0;
    const wrong: string[] = [];
    for (const pair of merges.keys()) {
      const [left = '', right = ''] = pair.split(' ');
      const merge = tables.merges.get(vocabByString.get(left) ?? -1, vocabByString.get(right) ?? -1);
      const expected = vocabByString.get(left + right);
      if (merge === NO_MERGE || rankOf(merge) !== rank || resultOf(merge) !== expected) wrong.push(pair);
      rank += 1;
    }
    expect(wrong).toEqual([]);
  });

  it("holds the library's ranks two apart, which makes its order that of rank and position", () => {
    const ranks = Array.from(merges.values());
    expect(ranks.every((rank, i) => rank === 2 * i + 1)).toBe(true);
  });

  it('lets no merge take or make a control token or a byte token', () => {
    const ids = Array.from(merges.keys()).flatMap((pair) => {
      const [left = '', right = ''] = pair.split(' ');
      return [left, right, left + right].map((token) => vocabByString.get(token) ?? -1);
    });
    expect(ids.filter((id) => id < FIRST_MERGED_ID)).toEqual([]);
  });

  it('joins every two neighbouring characters of every merged token', () => {
    const { joinClasses, joins, joinClassCount } = vocabulary();
    const apart = vocabById.slice(FIRST_MERGED_ID).filter((token) => {
      const classes = Array.from({ length: token.length }, (_, i) => joinClasses[token.charCodeAt(i)] ?? 0);
      return token.length > 1 && classes.some((right, i) => i > 0 && !joined(classes[i - 1] ?? 0, right));
    });
    function joined(left: number, right: number): boolean {
      return joins[left * joinClassCount + right] === 1;
    }
    // Only characters of two units, which no merge takes, are longer than one unit and not joined.
    expect(apart.filter((token) => Array.from(token).length > 1)).toEqual([]);
  });

  it('reads the space as the space mark', () => {
    const { characterIds, joinClasses } = vocabulary();
    expect(characterIds[0x20]).toBe(vocabByString.get('▁'));
    expect(joinClasses[0x20]).toBe(joinClasses[0x2581]);
  });
});
