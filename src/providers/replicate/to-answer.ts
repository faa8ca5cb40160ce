// Makes an answer, or the error that its caller should know, out of a finished prediction.
import { ApiError } from '../../errors/api-error.js';
import type { ProviderAnswer } from '../../inference/inference.js';
import { namesOf } from '../../inference/param-names.js';
import { endToApiError } from './failure.js';
import { outputText } from './output.js';
import type { ReplicatePlan } from './planner.js';
import type { Prediction } from './prediction.wire.js';

/**
 * The answer in a finished prediction.
 *
 * @param askedAt when the create began, by `performance.now()`; undefined for a prediction that was joined
 * @throws {ApiError} for any end but success, and for a success without an output
 */
export function toAnswer(
  prediction: Prediction,
  plan: ReplicatePlan,
  askedAt: number | undefined,
): ProviderAnswer {
  const { id, status, output, tokens, createdAt, startedAt } = prediction;
  if (status === 'failed' || status === 'canceled' || status === 'aborted') {
    throw endToApiError(prediction, namesOf(plan.request).images);
  }
  const text = outputText(output, plan.resolved.model);
  if (text === undefined) {
    throw new ApiError('upstream_invalid_response', { message: prediction.dataRemoved ? REMOVED : EMPTY });
  }
  const { tokenLimit } = plan.planned;
  const runMs = runTime(prediction);
  return {
    id,
    text,
    askedAt,
    ...(tokens && { tokens }),
    ...(tokenLimit !== undefined && { tokenLimit }),
    ...(createdAt && startedAt && { bootMs: Math.max(0, startedAt.getTime() - createdAt.getTime()) }),
    ...(runMs !== undefined && { runMs }),
  };
}

const EMPTY = 'The model finished without an output.';
const REMOVED = 'The model provider has removed the answer, which it keeps for an hour.';

function runTime({ runTimeUs, startedAt, completedAt }: Prediction): number | undefined {
  if (runTimeUs !== undefined) return Math.round(runTimeUs / 1000);
  return startedAt && completedAt && Math.max(0, completedAt.getTime() - startedAt.getTime());
}
