import { describe, expect, it } from 'vitest';
import { MergeTable, NO_MERGE, rankOf, resultOf } from './merge-table.js';

describe('MergeTable', () => {
  it('gives each pair its own merge, and no merge to the others', () => {
    const table = new MergeTable(1000);
    for (let i = 1; i <= 1000; i++) table.add(i, 32_000 - i, i, i + 1);
    for (let i = 1; i <= 1000; i++) {
      const merge = table.get(i, 32_000 - i);
      expect([rankOf(merge), resultOf(merge)]).toEqual([i, i + 1]);
      expect(table.get(32_000 - i, i)).toBe(NO_MERGE);
    }
  });

  it('orders merges by rank, and every merge before none', () => {
    const table = new MergeTable(2);
    table.add(1, 2, 65_534, 0x7fff);
    table.add(2, 3, 0, 0x7fff);
    expect(table.get(2, 3)).toBeLessThan(table.get(1, 2));
    expect(table.get(1, 2)).toBeLessThan(NO_MERGE);
  });

  it.each([
    [32_768, 1, 0, 1],
    [1, 32_768, 0, 1],
    [1, 1, 0, 32_768],
    [1, 1, 65_535, 1],
  ])('refuses a merge that does not fit: %i %i %i %i', (left, right, rank, result) => {
    expect(() => {
      new MergeTable(1).add(left, right, rank, result);
    }).toThrow(RangeError);
  });
});
