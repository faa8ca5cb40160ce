// One answer to a question: asked for or joined, settled, and heard while it is made where somebody listens.
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import type { Call } from '../inference/call.js';
import type { InferencePlan, ProviderAnswer, TextSink, Timings } from '../inference/inference.js';
import { cutsTokens, limitsOf, settle, type Settled } from '../inference/settle.js';
import type { AdmissionGroup } from '../predictions/admission-group.js';
import { type ChoiceAnswer, oneAttempt } from './answers.js';
import { type AnsweringPrediction, Asking, type Listen } from './asking.service.js';
import { ContentKeeper } from './content-keeper.service.js';
import { type Joined, Joining } from './joining.service.js';
import { LiveText } from './live-text.js';
import type { Material } from './material.js';

/** Hears a choice while it is made; `id` is its prediction's. */
export type ChoiceSink = (text: string, id: string) => Promise<void> | undefined;

/** Which answer is asked for. */
export interface Attempt {
  readonly plan: InferencePlan;
  readonly material: Material;
  /** The position of the choice, and how often it was asked for before; both from 0. */
  readonly choice: number;
  readonly again: number;
  /** The other choices, that are asked for with this one or not at all. */
  readonly group?: AdmissionGroup | undefined;
  /** See {@link Joined}. */
  readonly endedWithinMs?: number;
}

/** How often a further attempt of another call's is looked for, and the pauses between, in milliseconds. */
const LOOKS = 10;
const BETWEEN_LOOKS = 100;

/** Answers, one at a time. */
@Injectable()
export class Choices {
  constructor(
    private readonly asking: Asking,
    private readonly joining: Joining,
    private readonly keeper: ContentKeeper,
  ) {}

  /**
   * One answer.
   *
   * @throws {ApiError} every failure
   */
  async answer(attempt: Attempt, call: Call): Promise<ChoiceAnswer> {
    const asked: { prediction?: AnsweringPrediction } = {};
    const note: Listen = (prediction) => void (asked.prediction = prediction);
    const answer = await this.obtain(attempt, ownCall(attempt, call), note);
    return oneAttempt(this.settled(attempt, call, answer, asked.prediction), timings(answer, call));
  }

  /**
   * One answer, heard while it is made. Where a stop text or the token limit ends it before the model does, the
   * prediction is ended too, unless the caller may come again for it.
   *
   * @param sink given all of its text by the time that the answer is there
   * @throws {ApiError} every failure
   */
  async live(attempt: Attempt, call: Call, sink: ChoiceSink): Promise<ChoiceAnswer> {
    const hearing = new Hearing(attempt.plan, ownCall(attempt, call), sink);
    const finish = (answer: ProviderAnswer) =>
      hearing.finish(this.settled(attempt, call, answer, hearing.prediction), answer);
    try {
      return await finish(await this.obtain(attempt, hearing.call, hearing.listen));
    } catch (error) {
      if (!hearing.hasEnough || call.signal.aborted) throw error;
      return await finish(hearing.early);
    } finally {
      hearing.end();
    }
  }

  /** The measured answer, kept where the caller's tenant asks for that. */
  private settled(
    { plan: { request } }: Attempt,
    call: Call,
    answer: ProviderAnswer,
    prediction: AnsweringPrediction | undefined,
  ): Settled {
    const settled = settle(request, answer);
    if (prediction)
      this.keeper.keep(call, { predictionId: prediction.id, asked: request, answer: settled.text });
    return settled;
  }

  private async obtain(attempt: Attempt, call: Call, listen: Listen): Promise<ProviderAnswer> {
    const { plan, material, again, endedWithinMs, group } = attempt;
    try {
      const joined = await this.join(plan, call, { listen, endedWithinMs }, again);
      if (joined) return joined;
      // The call that this one repeats has not come so far, or has just ended: its answer is the one to come for.
      if (call.onlyJoins) throw new ApiError('idempotency_in_progress', { retryAfterMs: 1000 });
      return await this.asking.ask(await material.ready(plan), call, listen, group);
    } catch (error) {
      group?.fail(error);
      throw error;
    }
  }

  /** Who only joins knows of a further attempt as soon as its owner, who has yet to write it down. */
  private async join(
    plan: InferencePlan,
    call: Call,
    how: Joined,
    again: number,
  ): Promise<ProviderAnswer | undefined> {
    for (let look = 0; ; look++) {
      const joined = await this.joining.join(plan, call, how);
      if (joined || !call.onlyJoins || again === 0 || look === LOOKS) return joined;
      await pause(BETWEEN_LOOKS);
      call.signal.throwIfAborted();
    }
  }
}

/** Hears one answer, and knows when there is enough of it. */
class Hearing {
  hasEnough = false;
  /** Which one is heard, once that is known. */
  prediction: AnsweringPrediction | undefined;
  private hasHeard = false;
  private readonly live: LiveText;
  private readonly stop = new AbortController();

  constructor(
    private readonly plan: InferencePlan,
    private readonly caller: Call,
    private readonly sink: ChoiceSink,
  ) {
    const { maxTokens, stop } = limitsOf(plan.request);
    const isCut = cutsTokens(maxTokens, plan.tokenLimit);
    this.live = new LiveText({ ...(stop && { stop }), ...(isCut && { maxTokens }) });
    if (caller.signal.aborted) this.onCallerGone();
    caller.signal.addEventListener('abort', this.onCallerGone);
  }

  /** The call to ask with. */
  get call(): Call {
    const { caller, stop } = this;
    const hasHeard = (): boolean => this.hasHeard;
    return {
      ...caller,
      signal: stop.signal,
      // Clients do not repeat a stream that has begun: nobody would come back for its prediction.
      get retry() {
        return hasHeard() ? undefined : caller.retry;
      },
    };
  }

  /** See {@link Listen}. */
  readonly listen: Listen = (prediction) => {
    this.prediction = prediction;
    return this.take;
  };

  /** The finished answer, when all of it was heard. */
  async finish(settled: Settled, answer: ProviderAnswer): Promise<ChoiceAnswer> {
    await this.show(this.live.rest(settled.text), settled.id);
    return oneAttempt(settled, timings(answer, this.caller));
  }

  /** The answer that was cut off. */
  get early(): ProviderAnswer {
    const { tokenLimit } = this.plan;
    return { id: this.id, text: this.live.whole, ...(tokenLimit !== undefined && { tokenLimit }) };
  }

  /** Lets go of the caller. */
  end(): void {
    this.caller.signal.removeEventListener('abort', this.onCallerGone);
  }

  private get id(): string {
    return this.prediction?.upstreamId ?? '';
  }

  private readonly take: TextSink = (piece) => {
    this.hasHeard = true;
    if (this.hasEnough) return undefined;
    const { show, enough } = this.live.add(piece);
    if (enough) {
      this.hasEnough = true;
      if (!this.caller.durable) this.stop.abort(new ApiError('client_closed_request'));
    }
    return this.show(show, this.id);
  };

  private show(text: string, id: string): Promise<void> | undefined {
    return text === '' ? undefined : this.sink(text, id);
  }

  private readonly onCallerGone = (): void => this.stop.abort(this.caller.signal.reason);
}

/** Each prediction of a call is known by a fingerprint of its own, for a repetition to join. */
function ownCall({ choice, again }: Attempt, call: Call): Call {
  if (choice === 0 && again === 0) return call;
  const fingerprint = createHash('sha256').update(call.fingerprint).update(`${choice}:${again}`).digest();
  return { ...call, fingerprint };
}

function timings({ askedAt, bootMs, runMs }: ProviderAnswer, { arrivedAt }: Call): Timings {
  return {
    queueMs: Math.max(0, Math.round((askedAt ?? performance.now()) - arrivedAt)),
    ...(bootMs !== undefined && { bootMs }),
    ...(runMs !== undefined && { runMs }),
  };
}
