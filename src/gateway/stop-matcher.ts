// Finds stop texts in an answer that comes in pieces, in time linear in the answer, whatever the stop texts are. Pure.

interface Word {
  readonly text: string;
  /** For each length of a beginning of the text: the longest shorter beginning that it ends with. */
  readonly fallback: readonly number[];
}

/**
 * Looks for several texts at once, by Knuth, Morris and Pratt.
 *
 * @see https://doi.org/10.1137/0206024
 */
export class StopMatcher {
  private readonly words: readonly Word[];
  /** How much of each text the answer ends with. */
  private readonly matched: number[];

  constructor(stop: readonly string[]) {
    this.words = stop.filter((text) => text !== '').map((text) => ({ text, fallback: fallbacksOf(text) }));
    this.matched = this.words.map(() => 0);
  }

  /** How much of the answer's end may be the beginning of a stop text, in UTF-16 units. */
  get pending(): number {
    return Math.max(0, ...this.matched);
  }

  /**
   * Goes on with a piece.
   *
   * @returns where the stop text begins that is complete first, from the piece's start, below 0 for one that began
   *   before it; undefined while there is none
   */
  add(piece: string): number | undefined {
    if (this.words.length === 0) return undefined;
    for (let at = 0; at < piece.length; at++) {
      const complete = this.step(piece[at]);
      if (complete > 0) return at + 1 - complete;
    }
    return undefined;
  }

  /** The length of the longest stop text that ends here; 0 for none. */
  private step(unit: string | undefined): number {
    let complete = 0;
    for (const [index, { text, fallback }] of this.words.entries()) {
      let length = this.matched[index] ?? 0;
      while (length > 0 && text[length] !== unit) length = fallback[length] ?? 0;
      if (text[length] === unit) length += 1;
      this.matched[index] = length;
      if (length === text.length) complete = Math.max(complete, length);
    }
    return complete;
  }
}

function fallbacksOf(text: string): number[] {
  const fallback = [0, 0];
  for (let at = 1, length = 0; at < text.length; at++) {
    while (length > 0 && text[at] !== text[length]) length = fallback[length] ?? 0;
    if (text[at] === text[length]) length += 1;
    fallback[at + 1] = length;
  }
  return fallback;
}
