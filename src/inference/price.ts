// What an answer costs, in integer nano-dollars: floating point never touches money.

/** A price. All parts that are given apply together, in nano-dollars. */
export interface Price {
  /** A second of running. Replicate's price for hardware; boots and queues are free on public models. */
  readonly nanosPerSecond?: number;
  /** A million tokens of the prompt: Replicate's price for its official language models. */
  readonly nanosPerMillionPromptTokens?: number;
  /** A million tokens of the answer. */
  readonly nanosPerMillionCompletionTokens?: number;
}

/** What was used. */
export interface Consumption {
  readonly runTimeUs: number | undefined;
  readonly promptTokens: number | undefined;
  readonly completionTokens: number | undefined;
}

/** What bounds a prediction before it is made. */
export interface Bounds {
  /** From its create to its being cancelled, in milliseconds. */
  readonly timeoutMs: number;
  /** By our own count, without the images. */
  readonly promptTokens: number;
  readonly images: number;
  /** Most tokens of the answer; undefined where nobody knows. */
  readonly tokenLimit: number | undefined;
}

/** Replicate cancels no prediction before it is so old, in milliseconds, and rounds up to whole seconds. */
const SHORTEST_LIFE = 5000;
const ROUNDING = 1000;

/** Tokens that an image may become, at the most, in the models that are billed by tokens. */
const TOKENS_OF_AN_IMAGE = 4096;

/** The longest answer of a model that does not tell its limit, in tokens. */
const LONGEST_ANSWER = 16_384;

/** Twice the largest budget that there can be, in nano-dollars: sums of it stay within what PostgreSQL counts. */
export const BEYOND_ANY_BUDGET = 20_000_000n * 1_000_000_000n;

/** The most that a prediction can cost, in nano-dollars; undefined without a price. */
export function mostCostOf(price: Price | undefined, bounds: Bounds): bigint | undefined {
  const lifeMs = Math.max(SHORTEST_LIFE, bounds.timeoutMs) + ROUNDING;
  const most = costOf(price, {
    runTimeUs: Math.ceil(lifeMs * 1000),
    // Other vocabularies may need more tokens for a text than ours, but not twice as many.
    promptTokens: bounds.promptTokens * 2 + bounds.images * TOKENS_OF_AN_IMAGE,
    completionTokens: bounds.tokenLimit ?? LONGEST_ANSWER,
  });
  return most !== undefined && most > BEYOND_ANY_BUDGET ? BEYOND_ANY_BUDGET : most;
}

/** The cost in nano-dollars, rounded up; undefined where a part of the price meets an unknown amount. */
export function costOf(price: Price | undefined, used: Consumption): bigint | undefined {
  if (!price) return undefined;
  const parts = [
    part(price.nanosPerSecond, used.runTimeUs),
    part(price.nanosPerMillionPromptTokens, used.promptTokens),
    part(price.nanosPerMillionCompletionTokens, used.completionTokens),
  ];
  const known = parts.filter((value) => value !== 'none');
  if (known.length === 0) return undefined;
  return known.reduce<bigint | undefined>(
    (sum, value) => (sum === undefined || value === undefined ? undefined : sum + value),
    0n,
  );
}

const MILLION = 1_000_000n;

function part(nanosPerMillion: number | undefined, amount: number | undefined): bigint | undefined | 'none' {
  if (nanosPerMillion === undefined) return 'none';
  if (amount === undefined) return undefined;
  return (BigInt(nanosPerMillion) * BigInt(amount) + MILLION - 1n) / MILLION;
}
