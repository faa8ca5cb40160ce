// Byte-pair encoding of one chunk: applies merges to a row of token ids until none is possible.
// Cutting a text into chunks is chunks.ts; the character ids a row starts from are vocabulary.ts.
import { MergeQueue } from './merge-queue.js';
import { MergeTable, NO_MERGE, rankOf, resultOf } from './merge-table.js';

/** Up to this many tokens a quadratic scan is quicker than building a queue. */
export const SCAN_LIMIT = 64;

/** The scan's pair merges; shared because a scan runs to its end before another starts. */
const scanned = new Int32Array(SCAN_LIMIT);

/**
 * Merges the first `length` ids in place, the lowest rank first and of equal ranks the leftmost, and returns
 * how many ids are left at the front of the array. Time is O(n log n) for long rows; memory is O(n).
 */
export function applyMerges(ids: Int32Array, length: number, table: MergeTable): number {
  return length <= SCAN_LIMIT ? mergeByScan(ids, length, table) : mergeByQueue(ids, length, table);
}

function mergeByScan(ids: Int32Array, length: number, table: MergeTable): number {
  let count = length;
  for (let i = 0; i + 1 < count; i++) scanned[i] = table.get(ids[i] ?? 0, ids[i + 1] ?? 0);
  for (;;) {
    const at = lowestMerge(count - 1);
    if (at < 0) return count;
    ids[at] = resultOf(scanned[at] ?? 0);
    count -= 1;
    for (let i = at + 1; i < count; i++) {
      ids[i] = ids[i + 1] ?? 0;
      scanned[i - 1] = scanned[i] ?? 0;
    }
    if (at > 0) scanned[at - 1] = table.get(ids[at - 1] ?? 0, ids[at] ?? 0);
    if (at + 1 < count) scanned[at] = table.get(ids[at] ?? 0, ids[at + 1] ?? 0);
  }
}

/** The position of the first lowest merge among `pairs` scanned pairs, or -1 when none merges. */
function lowestMerge(pairs: number): number {
  let lowest = NO_MERGE;
  let at = -1;
  for (let i = 0; i < pairs; i++) {
    const merge = scanned[i] ?? NO_MERGE;
    if (merge < lowest) {
      lowest = merge;
      at = i;
    }
  }
  return at;
}

/**
 * A token stands at the position of its first character; `next` and `previous` lead over swallowed positions.
 * A waiting merge is void when its pair has changed since: a pair that has changed never comes back, since
 * tokens only grow, so comparing ranks is enough.
 */
function mergeByQueue(ids: Int32Array, length: number, table: MergeTable): number {
  const next = new Int32Array(length + 1);
  const previous = new Int32Array(length + 1);
  const merges = new Int32Array(length).fill(NO_MERGE);
  // n - 1 pairs wait at first, and each of at most n - 1 merges takes one and adds two.
  const queue = new MergeQueue(2 * length);

  const consider = (left: number): void => {
    const right = next[left] ?? length;
    const merge = right < length ? table.get(ids[left] ?? 0, ids[right] ?? 0) : NO_MERGE;
    merges[left] = merge;
    if (merge !== NO_MERGE) queue.push(rankOf(merge), left);
  };

  for (let i = 0; i <= length; i++) {
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  for (let i = 0; i < length; i++) consider(i);

  for (let first = queue.pop(); first !== undefined; first = queue.pop()) {
    const left = first.position;
    const merge = merges[left] ?? NO_MERGE;
    if (merge === NO_MERGE || rankOf(merge) !== first.rank) continue;
    const right = next[left] ?? length;
    const after = next[right] ?? length;
    merges[right] = NO_MERGE;
    ids[left] = resultOf(merge);
    next[left] = after;
    previous[after] = left;
    const before = previous[left] ?? -1;
    if (before >= 0) consider(before);
    consider(left);
  }
  return compact(ids, next, length);
}

/** Moves the ids that are left to the front of the array and returns their number. */
function compact(ids: Int32Array, next: Int32Array, length: number): number {
  let count = 0;
  for (let i = 0; i < length; i = next[i] ?? length) {
    ids[count] = ids[i] ?? 0;
    count += 1;
  }
  return count;
}
