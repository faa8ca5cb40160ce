// A binary heap of the merges that wait in one long chunk, in flat memory and without recursion.
// It does not know which of them are still possible: byte-pair-encoding.ts checks that on taking one.

/** Ranks stand above positions in one double: 16 bits and 31 bits, exact below 2^53. */
const POSITIONS = 2 ** 31;

/** Merges in the order to apply them: the lowest rank first, of equal ranks the leftmost. */
export class MergeQueue {
  readonly #heap: Float64Array;
  #size = 0;

  /** Room for `capacity` waiting merges. */
  constructor(capacity: number) {
    this.#heap = new Float64Array(capacity);
  }

  /** Adds a merge by its rank and the position of its left token. */
  push(rank: number, position: number): void {
    const heap = this.#heap;
    const entry = rank * POSITIONS + position;
    let hole = this.#size++;
    while (hole > 0) {
      const parent = (hole - 1) >>> 1;
      const above = heap[parent] ?? 0;
      if (above <= entry) break;
      heap[hole] = above;
      hole = parent;
    }
    heap[hole] = entry;
  }

  /** Takes the first merge, or undefined when none waits. */
  pop(): { rank: number; position: number } | undefined {
    if (this.#size === 0) return undefined;
    const first = this.#heap[0] ?? 0;
    this.#size -= 1;
    this.#sink(this.#heap[this.#size] ?? 0);
    const rank = Math.floor(first / POSITIONS);
    return { rank, position: first - rank * POSITIONS };
  }

  /** Puts an entry in at the root and moves it down to its place. */
  #sink(entry: number): void {
    const heap = this.#heap;
    const size = this.#size;
    let hole = 0;
    for (;;) {
      let child = hole * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child += 1;
      const below = heap[child] ?? 0;
      if (below >= entry) break;
      heap[hole] = below;
      hole = child;
    }
    heap[hole] = entry;
  }
}
