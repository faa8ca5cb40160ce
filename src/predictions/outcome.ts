// What the end of a prediction costs, and how that is known.
import type { TokenCounts } from '../inference/token-counts.js';
import type { PredictionState } from '../inference/prediction-record.js';
import { costOf, type Price } from '../inference/price.js';

/** See the enum of the same name in the database's schema. */
export type BillingKind = 'nothing' | 'run_time' | 'tokens' | 'unpriced' | 'unknown';

/** How a prediction ended. */
export interface Outcome {
  readonly state: PredictionState;
  readonly startedAt: Date | undefined;
  readonly completedAt: Date | undefined;
  readonly runTimeUs: number | undefined;
  /** As the provider counts them, which is what it bills by. */
  readonly tokens: TokenCounts | undefined;
  /** Tokens of the answer by our own count, where the provider does not count. */
  readonly countedCompletion?: number | undefined;
}

/** What an outcome is billed as. */
export interface Bill {
  readonly billing: BillingKind;
  /** In nano-dollars; undefined where it is not known. */
  readonly costNanos: bigint | undefined;
}

const NOTHING: Bill = { billing: 'nothing', costNanos: 0n };

/**
 * The bill for an outcome. Replicate charges for running, however it ended; queues and boots are free, and so
 * is what was aborted before it ran. Source: replicate.com/docs/billing and /docs/topics/predictions/lifecycle.
 *
 * @param accepted whether the provider had accepted the prediction
 */
export function billFor(outcome: Outcome, accepted: boolean, price: Price | undefined): Bill {
  const { state, startedAt, runTimeUs, tokens } = outcome;
  if (state === 'unknown' || state === 'expired') return { billing: 'unknown', costNanos: undefined };
  if (!accepted || state === 'aborted') return NOTHING;
  if (state === 'canceled' && startedAt === undefined && !runTimeUs) return NOTHING;
  if (!price) return { billing: 'unpriced', costNanos: undefined };
  const costNanos = costOf(price, {
    runTimeUs,
    promptTokens: tokens?.prompt,
    completionTokens: tokens?.completion,
  });
  if (costNanos === undefined) return { billing: 'unknown', costNanos };
  return { billing: price.nanosPerSecond === undefined ? 'tokens' : 'run_time', costNanos };
}
