// The vocabulary's merges as one flat hash table: a pair of token ids gives the merge that joins them.
// Which merge is applied when is byte-pair-encoding.ts; where the merges come from is vocabulary.ts.

const ID_BITS = 15;
const ID_MASK = (1 << ID_BITS) - 1;
/** A merge of this rank would read as NO_MERGE or be no 32-bit integer. */
const RANK_LIMIT = 0xffff;
/** No pair of tokens has this key: id 0 is `<unk>`, which takes part in no merge. */
const EMPTY = 0;

/** What a pair that does not merge gives. It is above every merge, so the lowest of several stays right. */
export const NO_MERGE = 0x7fffffff;

/** The rank of a merge: 0 is applied first. */
export function rankOf(merge: number): number {
  return merge >>> ID_BITS;
}

/** The token id that a merge makes of its pair. */
export function resultOf(merge: number): number {
  return merge & ID_MASK;
}

/**
 * A hash table (open addressing, linear probing) from two token ids to a merge. A merge is one integer, the
 * rank above the resulting token's id, so that of two merges the lower one is the one to apply first.
 */
export class MergeTable {
  readonly #keys: Int32Array;
  readonly #merges: Int32Array;
  readonly #shift: number;

  /** Room for `size` merges, at most half full. */
  constructor(size: number) {
    const bits = Math.ceil(Math.log2(size * 2));
    this.#keys = new Int32Array(1 << bits);
    this.#merges = new Int32Array(1 << bits).fill(NO_MERGE);
    this.#shift = 32 - bits;
  }

  /** Adds a merge. Throws RangeError when an id or the rank does not fit. */
  add(left: number, right: number, rank: number, result: number): void {
    if (Math.max(left, right, result) > ID_MASK || rank >= RANK_LIMIT) {
      throw new RangeError(`Merge ${rank} of tokens ${left} and ${right} into ${result} does not fit`);
    }
    const slot = this.#slot(left, right);
    this.#keys[slot] = (left << ID_BITS) | right;
    this.#merges[slot] = (rank << ID_BITS) | result;
  }

  /** The merge of two neighbouring tokens, or NO_MERGE. */
  get(left: number, right: number): number {
    return this.#merges[this.#slot(left, right)] ?? NO_MERGE;
  }

  /** Where the pair is, or the empty slot where it would be. */
  #slot(left: number, right: number): number {
    const key = (left << ID_BITS) | right;
    const mask = this.#keys.length - 1;
    let slot = Math.imul(key, 0x9e3779b1) >>> this.#shift;
    for (;;) {
      const found = this.#keys[slot];
      if (found === key || found === EMPTY) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
