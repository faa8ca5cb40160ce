// Lets a prediction in, or tells its caller whose limits leave no room for it.
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../errors/api-error.js';
import type { PredictionWriter } from './prediction-writer.js';
import type { Intent, Refusal } from './prediction-rows.js';

/** Pauses before a refused prediction is tried again, in milliseconds: the end of an answered one is written a moment later. */
const PATIENCE = [20, 40, 60];

/** When a place may be free again, in milliseconds. */
const CONCURRENCY_RETRY = 1000;

const WHOSE = { key: 'this key', tenant: "this key's tenant" } as const;

/**
 * Writes intents, all or none; where only what is about to end stands in their way, after a wait for that.
 *
 * @returns when they were written, by `performance.now()`
 * @throws {ApiError} where limits leave no room; the signal's reason when nobody waits any more
 */
export async function admitted(
  writer: Pick<PredictionWriter, 'admit'>,
  intents: readonly Intent[],
  signal: AbortSignal,
): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const askedAt = performance.now();
    signal.throwIfAborted();
    const refusal = await writer.admit(intents);
    if (!refusal) return askedAt;
    const pause = PATIENCE[attempt];
    if (!refusal.mendable || pause === undefined) throw refusalError(refusal);
    await sleep(pause);
  }
}

/** The error for a refusal. */
function refusalError({ refusal, scope, mendable }: Refusal): ApiError {
  const whose = WHOSE[scope];
  switch (refusal) {
    case 'unusable':
      return new ApiError('invalid_api_key');
    case 'unpriced':
      return new ApiError('model_not_priced', { param: 'model' });
    case 'concurrency':
      if (!mendable) {
        return new ApiError('concurrency_limit_exceeded', {
          headers: { 'x-should-retry': 'false' },
          message: `This request asks for more predictions than ${whose} may have running at the same time.`,
        });
      }
      return new ApiError('concurrency_limit_exceeded', {
        retryAfterMs: CONCURRENCY_RETRY,
        message: `As many predictions of ${whose} are running as may at the same time. Please try again when one has ended.`,
      });
    case 'monthly_budget':
    case 'total_budget':
      return new ApiError('insufficient_quota', { message: quotaMessage(refusal, whose) });
  }
}

function quotaMessage(budget: 'monthly_budget' | 'total_budget', whose: string): string {
  const which = budget === 'monthly_budget' ? 'monthly' : 'total';
  return `You exceeded your current quota: the ${which} budget of ${whose} has no room for the most that this request can cost, beside what is spent and held for running requests.`;
}
