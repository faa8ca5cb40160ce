// Asks a model once, with a record from before the create to after the answer.
import { Injectable } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import type { ErrorName } from '../errors/catalogue.js';
import type { Call } from '../inference/call.js';
import {
  type InferenceCall,
  InferenceProvider,
  type ProviderAnswer,
  type TextSink,
} from '../inference/inference.js';
import type { PredictionRecord } from '../inference/prediction-record.js';
import type { AdmissionGroup } from '../predictions/admission-group.js';
import type { LiveRecord } from '../predictions/live-record.js';
import { Predictions } from '../predictions/predictions.service.js';
import { Aftercare } from './aftercare.service.js';
import { LostPredictions } from './lost-predictions.js';

/** After these, a prediction may be running that we have no id of, and that is worth finding. */
const LOST: readonly ErrorName[] = ['upstream_unknown', 'upstream_timeout'];

/** After these, it is not likely that there is one, but it can be. */
const MAYBE_ACCEPTED: readonly ErrorName[] = [...LOST, 'upstream_error'];

/** Pauses before looks for a lost prediction while its caller waits, in milliseconds. */
const LOOKS = [500, 500, 1000, 1500];

/** How long a prediction outlives a caller whose client repeats: that waits up to 1 s, 0.5 s at first. In milliseconds. */
const RETRY_GRACE = 900;

/** A prediction that an answer may come from. */
export type AnsweringPrediction = Pick<PredictionRecord, 'id' | 'upstreamId'>;

/**
 * Told of each prediction that an answer may come from, the last of which is the one that it comes from. Gives the
 * sink of an answer that is to be heard while it is made.
 */
export type Listen = (prediction: AnsweringPrediction) => TextSink | undefined;

/** Asks models. */
@Injectable()
export class Asking {
  constructor(
    private readonly predictions: Predictions,
    private readonly provider: InferenceProvider,
    private readonly lost: LostPredictions,
    private readonly aftercare: Aftercare,
  ) {}

  /**
   * The answer to a call that is ready to be sent.
   *
   * @param group others that are asked for at the same time, or none of them
   * @throws {ApiError} every failure
   */
  async ask(
    ready: InferenceCall,
    call: Call,
    listen?: Listen,
    group?: AdmissionGroup,
  ): Promise<ProviderAnswer> {
    const record = await this.predictions.open(call, ready, group);
    return this.waitWith(record, call, () => this.infer(ready, record, call, listen?.(record)));
  }

  /** Waits for a prediction's answer as one of its waiters, and sees to what remains to be done afterwards. */
  async waitWith(
    record: LiveRecord,
    call: Call,
    wait: () => Promise<ProviderAnswer>,
  ): Promise<ProviderAnswer> {
    record.waiters++;
    try {
      const answer = await call.notes.waitFor(wait);
      record.waiters--;
      this.aftercare.settle(record);
      return answer;
    } catch (error) {
      record.waiters--;
      this.part(record, call, error);
      throw error;
    }
  }

  private async infer(
    ready: InferenceCall,
    record: LiveRecord,
    call: Call,
    sink: TextSink | undefined,
  ): Promise<ProviderAnswer> {
    try {
      return await this.provider.infer(ready, record, call.signal, sink);
    } catch (error) {
      const lost = error instanceof ApiError && LOST.includes(error.reason);
      if (!lost || !(await this.findAgain(record, call.signal))) throw error;
      return this.provider.resume(ready.plan, await record.bound, record, call.signal, sink);
    }
  }

  /** Looks for a prediction whose create's answer was lost, as long as its caller can be asked to wait. */
  private async findAgain(record: LiveRecord, signal: AbortSignal): Promise<boolean> {
    for (const pause of LOOKS) {
      await Promise.race([record.bound, pauseUnless(signal, pause)]);
      if (signal.aborted) return false;
      // What cannot be read now is no reason to say anything else than that nobody knows.
      if (await this.lost.find(record, 'recent').catch(() => false)) return true;
    }
    return false;
  }

  /** What becomes of a prediction whose caller was given an error, or has gone. */
  private part(record: LiveRecord, { durable, retry, signal }: Call, error: unknown): void {
    if (record.hasEnded || record.waiters > 0) return;
    const reason = error instanceof ApiError ? error.reason : undefined;
    if (durable && isLeft(signal.aborted ? signal.reason : error)) this.aftercare.leave(record);
    else if (!signal.aborted || reason === 'shutting_down') this.endOrLeave(record, reason);
    else this.aftercare.end(record, retry === undefined ? 0 : RETRY_GRACE);
  }

  /** A prediction that may run without an id is the reconciler's to find; one that is known is ended now. */
  private endOrLeave(record: LiveRecord, reason: ErrorName | undefined): void {
    const isLost = reason !== undefined && MAYBE_ACCEPTED.includes(reason);
    if (isLost && record.upstreamId === undefined) this.aftercare.leave(record);
    else this.aftercare.end(record, 0);
  }
}

/** Whether nobody waits any more, but may come again; not so where another answer to the same question has failed. */
function isLeft(cause: unknown): boolean {
  return cause instanceof ApiError && ['client_closed_request', 'shutting_down'].includes(cause.reason);
}

async function pauseUnless(signal: AbortSignal, ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
