// What a tenant or a key may use.

/** Limits of a tenant or a key; what is undefined is not limited. */
export interface Limits {
  /** Requests in any sixty seconds. */
  readonly requestsPerMinute?: number | undefined;
  /** Tokens of prompts and answers in any sixty seconds. */
  readonly tokensPerMinute?: number | undefined;
  /** Predictions that have not ended, at the same time. */
  readonly maxConcurrency?: number | undefined;
  /** What may be spent in a calendar month, in UTC, in nano-dollars. */
  readonly monthlyBudgetNanos?: bigint | undefined;
  /** What may be spent at all, in nano-dollars. */
  readonly totalBudgetNanos?: bigint | undefined;
}
