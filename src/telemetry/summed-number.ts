// A number that parts of a node have each on their own, while there are such parts.

/** The sum over all parts, read when it is asked for. */
export class SummedNumber {
  private readonly parts = new Set<() => number>();

  /**
   * Counts a part in.
   *
   * @returns counts it out again
   */
  add(read: () => number): () => void {
    const part = (): number => read();
    this.parts.add(part);
    return () => void this.parts.delete(part);
  }

  /** The sum as it is now. */
  get value(): number {
    let sum = 0;
    for (const read of this.parts) sum += read();
    return sum;
  }
}
