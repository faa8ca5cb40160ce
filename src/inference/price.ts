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
