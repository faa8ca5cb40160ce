// How much text went into an answer and came out.

/** Tokens as the provider counted them, or as we did. */
export interface TokenCounts {
  readonly prompt: number;
  readonly completion: number;
}
