// Lets a repeated call join the prediction that the call before it has started, instead of paying for another.
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import type { Call } from '../inference/call.js';
import { type InferencePlan, InferenceProvider, type ProviderAnswer } from '../inference/inference.js';
import type { PredictionRecord } from '../inference/prediction-record.js';
import type { LiveRecord } from '../predictions/live-record.js';
import type { StoredPrediction } from '../predictions/prediction-rows.js';
import { Predictions } from '../predictions/predictions.service.js';
import { AccountsOfRecords } from './accounts-of-records.js';
import { Asking, type Listen } from './asking.service.js';
import { LostPredictions, type SearchDepth } from './lost-predictions.js';

/** How long after a prediction's own time a repetition may still come for its answer, in milliseconds. */
const LATE = 5 * 60_000;

/** A client's own repetition takes the answer of a prediction that ended within this time, in milliseconds. */
const JUST_ENDED = 60_000;

/** One under the same `Idempotency-Key` takes it as long as Replicate keeps it, with some to spare. */
const KEPT = 50 * 60_000;

/** Before a prediction that could not be joined is tried again, in milliseconds. */
const BETWEEN_TRIES = 100;

/** Between two looks for the id of a prediction that is joined, in milliseconds. */
const BETWEEN_LOOKS = 500;

/** How long a prediction without an id is looked for, in milliseconds; it may never have been accepted. */
const SEARCH_LIMIT = 10_000;

/** How a call joins. */
export interface Joined {
  /** Hears the answer while it is made. */
  readonly listen?: Listen | undefined;
  /** How long ago the prediction may have ended, in milliseconds; a minute where it is absent. */
  readonly endedWithinMs?: number | undefined;
}

/** Joins calls to predictions. */
@Injectable()
export class Joining {
  constructor(
    private readonly predictions: Predictions,
    private readonly provider: InferenceProvider,
    private readonly lost: LostPredictions,
    private readonly asking: Asking,
    private readonly accounts: AccountsOfRecords,
  ) {}

  /**
   * The answer of the prediction that an earlier call with the same question has started; undefined where
   * there is none that could still answer.
   *
   * @throws {ApiError} `upstream_unknown` when an earlier call was sent, and nobody knows what became of it
   */
  async join(plan: InferencePlan, call: Call, how: Joined = {}): Promise<ProviderAnswer | undefined> {
    if (!call.mayJoin) return undefined;
    const stored = await this.predictions.findRepeated(call, Math.max(KEPT, plan.timeoutMs + LATE));
    if (!stored) return undefined;
    const there = await this.accounts.planFor(plan, stored);
    if (stored.settledForMs !== null) return this.answerOfEnded(there, stored, call, how);
    const record = await this.predictions.adopt(stored);
    if (!record) return this.joinLater(plan, call, how);
    let hasHeard = false;
    const sink = how.listen?.(record);
    const hear = sink && ((piece: string) => ((hasHeard = true), sink(piece)));
    const left = { ...there, timeoutMs: Math.max(1, Math.min(plan.timeoutMs, record.remainingMs)) };
    try {
      return await this.asking.waitWith(record, call, async () => {
        const id = await this.idOf(record, call.signal);
        return this.provider.resume(left, id, record, call.signal, hear);
      });
    } catch (error) {
      if (error instanceof EndedElsewhere) return this.joinLater(plan, call, how);
      // Its first caller's leaving has ended it before we could come: there is nothing left to join. But who has heard
      // a part of one answer is not told another one.
      if (!hasHeard && error instanceof ApiError && error.reason === 'prediction_canceled') return undefined;
      throw error;
    }
  }

  /** It has just ended, is being ended, or somebody else has just come for it: its row will tell. */
  private async joinLater(plan: InferencePlan, call: Call, how: Joined): Promise<ProviderAnswer | undefined> {
    await pause(BETWEEN_TRIES);
    call.signal.throwIfAborted();
    return this.join(plan, call, how);
  }

  /**
   * A success can be read again at its provider for an hour, and under an `Idempotency-Key` so can a failure, which
   * was billed too. Anything else is worth a new prediction.
   */
  private answerOfEnded(
    plan: InferencePlan,
    { id, state, upstreamId, settledForMs }: StoredPrediction,
    { signal, durable }: Call,
    { listen, endedWithinMs = JUST_ENDED }: Joined,
  ): Promise<ProviderAnswer> | undefined {
    const isRecent = (settledForMs ?? 0) < (durable ? KEPT : endedWithinMs);
    const hasAnswer = state === 'succeeded' || (durable && state === 'failed');
    if (!hasAnswer || upstreamId === null || !isRecent) return undefined;
    const record = settledRecord(id, upstreamId);
    return this.provider.resume(plan, upstreamId, record, signal, listen?.(record));
  }

  private async idOf(record: LiveRecord, signal: AbortSignal): Promise<string> {
    const until = performance.now() + SEARCH_LIMIT;
    // What is not far back at the first look will not be later; reads of the provider are limited too.
    for (let depth: SearchDepth = 'deep'; performance.now() < until; depth = 'recent') {
      if (await this.lost.find(record, depth).catch(() => false)) return record.bound;
      if (record.hasEnded || (await this.predictions.refresh(record).catch(() => false))) {
        this.predictions.forget(record);
        throw new EndedElsewhere();
      }
      await Promise.race([record.bound, record.ended, pause(BETWEEN_LOOKS)]);
      signal.throwIfAborted();
    }
    throw new ApiError('upstream_unknown');
  }
}

/** The prediction ended on another way, without an id: its row tells how. */
class EndedElsewhere extends Error {}

/** Stands for a record to which nothing can be added. */
function settledRecord(id: string, upstreamId: string): PredictionRecord {
  const ignore = (): void => undefined;
  return {
    id,
    upstreamId,
    hasEnded: true,
    sent: ignore,
    reported: () => true,
    refused: ignore,
    onNews: () => ignore,
  };
}
