import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyMerges, SCAN_LIMIT } from './byte-pair-encoding.js';
import { MergeTable } from './merge-table.js';

const LETTERS = 4;

/** A table over few ids, so that merges overlap and compete: each result may merge again. */
function tableOf(pairs: [number, number][]): MergeTable {
  const table = new MergeTable(pairs.length + 1);
  pairs.forEach(([left, right], rank) => {
    table.add(left, right, rank, LETTERS + 1 + rank);
  });
  return table;
}

/** The definition: the lowest rank first, of equal ranks the leftmost, one merge at a time. */
function mergeByDefinition(ids: number[], pairs: [number, number][]): number[] {
  for (let rank = 0; rank < pairs.length; rank++) {
    const [left, right] = pairs[rank] ?? [0, 0];
    const at = ids.findIndex((id, i) => id === left && ids[i + 1] === right);
    if (at >= 0) return mergeByDefinition(ids.toSpliced(at, 2, LETTERS + 1 + rank), pairs);
  }
  return ids;
}

const rows = (minLength: number, maxLength: number) =>
  fc.array(fc.integer({ min: 1, max: LETTERS }), { minLength, maxLength, size: 'max' });
const id = fc.integer({ min: 1, max: LETTERS + 12 });
const tables = fc.uniqueArray(fc.tuple(id, id), { maxLength: 12, selector: ([l, r]) => l * 100 + r });

describe('applyMerges', () => {
  it.each([
    ['scans', rows(0, SCAN_LIMIT)],
    ['queues', rows(SCAN_LIMIT + 1, SCAN_LIMIT * 3)],
  ])('follows the definition when it %s', (_, lengths) => {
    fc.assert(
      fc.property(lengths, tables, (row, pairs) => {
        const ids = Int32Array.from(row);
        const count = applyMerges(ids, ids.length, tableOf(pairs));
        expect(Array.from(ids.subarray(0, count))).toEqual(mergeByDefinition(row, pairs));
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves what stands after the row alone', () => {
    const ids = Int32Array.of(1, 2, 1, 2);
    expect(applyMerges(ids, 3, tableOf([[1, 2]]))).toBe(2);
    expect(Array.from(ids.subarray(0, 2))).toEqual([LETTERS + 1, 1]);
    expect(ids[3]).toBe(2);
  });
});
