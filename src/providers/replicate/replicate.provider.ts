// Replicate as an inference provider on one account: one question is one prediction, waited for to its end.
import { Injectable, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { SpanKind } from '@opentelemetry/api';
import { ApiError } from '../../errors/api-error.js';
import type {
  ImagePayload,
  InferenceCall,
  InferencePlan,
  InferenceProvider,
  InferenceRequest,
  ListedPrediction,
  ProviderAnswer,
  TextSink,
} from '../../inference/inference.js';
import type { PredictionRecord, PredictionReport } from '../../inference/prediction-record.js';
import type { Tracing } from '../../telemetry/tracing.js';
import type { CreateAdmission } from './create-admission.js';
import { heard, noteFailure, toldToEnd, unseen } from './create-outcome.js';
import { faultToApiError } from './failure.js';
import { follow } from './follow.js';
import { Life } from './life.js';
import type { Planner, ReplicateCall, ReplicatePlan } from './planner.js';
import { type Prediction, toReport } from './prediction.wire.js';
import { Relay } from './relay.js';
import type { ReplicateClient } from './replicate.client.js';
import type { StreamWatch } from './stream-watch.js';
import { toAnswer } from './to-answer.js';
import { UpstreamFault } from './upstream-fault.js';
import { Wake } from './wake.js';
import { webhookAddress } from './webhook-address.js';

/** A held answer that took longer, in milliseconds, is asked for its times once more before it is passed on. */
const WORTH_TELLING = 1000;

/** The longest that this may take, in milliseconds. */
const TELLING_LIMIT = 500;

/** Suggested to who waited for a turn until the deadline, in milliseconds. */
const QUEUED_RETRY = 5000;

/** Attributes of the spans here: the record's id, and whether the line was held for the prediction's end. */
const PREDICTION = 'cerebro.prediction.id';
const HELD = 'cerebro.held';

/** What a provider is made of. */
export interface ReplicateParts {
  readonly client: ReplicateClient;
  readonly planner: Planner;
  readonly admission: CreateAdmission;
  readonly streams: StreamWatch;
  readonly tracing: Tracing;
  /** Where Replicate's webhooks reach us; undefined: none are asked for. */
  readonly publicUrl: string | undefined;
  /** Closes the connections. */
  close(): Promise<void>;
  /** Closes them when everything that was sent has been answered. */
  retire(): Promise<void>;
}

/** One wait for a prediction's end. */
interface Waiting {
  readonly plan: ReplicatePlan;
  readonly record: PredictionRecord;
  readonly life: Life;
  readonly relay: Relay | undefined;
}

/** Asks models on Replicate, on one account. */
@Injectable()
export class ReplicateProvider implements InferenceProvider, OnModuleDestroy, OnApplicationShutdown {
  private readonly lives = new Set<Life>();

  constructor(private readonly parts: ReplicateParts) {}

  plan(request: InferenceRequest, signal: AbortSignal): Promise<InferencePlan> {
    return this.parts.planner.plan(request, signal);
  }

  prepare(plan: InferencePlan, images: readonly ImagePayload[], signal: AbortSignal): Promise<InferenceCall> {
    return this.parts.planner.prepare(plan as ReplicatePlan, images, signal);
  }

  async infer(
    call: InferenceCall,
    record: PredictionRecord,
    signal: AbortSignal,
    sink?: TextSink,
  ): Promise<ProviderAnswer> {
    const { plan, input } = call as ReplicateCall;
    const relay = sink && new Relay(sink);
    return this.live({ plan, signal, relay }, async (life) => {
      const leave = this.parts.admission.enter(plan.request.model.upstream);
      try {
        const hold = isHeld(plan, relay);
        const { tracing } = this.parts;
        const { created, askedAt } = await tracing.within(
          'create',
          (span) => {
            span?.setAttributes({ [PREDICTION]: record.id, [HELD]: hold });
            return this.create({ plan, input, hold }, record, life);
          },
          { kind: SpanKind.CLIENT },
        );
        return await tracing.within('wait', () =>
          this.finish({ plan, record, life, relay }, created, askedAt),
        );
      } finally {
        leave();
      }
    }).catch((error: unknown) => {
      // Refusals of our own come before anything was sent.
      if (error instanceof ApiError && error.reason === 'model_overloaded') record.refused(error.reason);
      throw error;
    });
  }

  resume(
    plan: InferencePlan,
    upstreamId: string,
    record: PredictionRecord,
    signal: AbortSignal,
    sink?: TextSink,
  ): Promise<ProviderAnswer> {
    const known = plan as ReplicatePlan;
    const relay = sink && new Relay(sink);
    return this.live({ plan: known, signal, relay }, async (life) => {
      const waiting = { plan: known, record, life, relay };
      const prediction = await this.parts.tracing.within('wait', () =>
        this.follow(unseen(upstreamId), waiting, { lookAtOnce: true }),
      );
      return toAnswer(prediction, known, undefined);
    });
  }

  async look(upstreamId: string): Promise<PredictionReport | undefined> {
    return reportUnlessGone(this.parts.client.get(upstreamId));
  }

  async cancel(upstreamId: string): Promise<PredictionReport | undefined> {
    return reportUnlessGone(this.parts.client.cancel(upstreamId));
  }

  list(pages: number): Promise<readonly ListedPrediction[]> {
    return this.parts.client.listNewest(pages);
  }

  /** Tells everybody who waits here that the wait is over. */
  onModuleDestroy(): void {
    for (const life of this.lives) life.stop(new ApiError('shutting_down'));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.parts.close();
  }

  /** Lets go of the connections when nobody asks here any more: what was sent is heard out. */
  retire(): Promise<void> {
    return this.parts.retire();
  }

  private async live(
    { plan, signal, relay }: { plan: ReplicatePlan; signal: AbortSignal; relay: Relay | undefined },
    act: (life: Life) => Promise<ProviderAnswer>,
  ): Promise<ProviderAnswer> {
    const life = new Life(signal, plan.timeoutMs);
    this.lives.add(life);
    try {
      const answer = await act(life);
      await relay?.finish(answer.text);
      return answer;
    } catch (error) {
      if (error instanceof ApiError && error.reason === 'upstream_rate_limited') throw error;
      throw life.ending ?? faultToApiError(error, this.parts.planner.paramOf(plan));
    } finally {
      this.lives.delete(life);
      life.dispose();
    }
  }

  /** Sends the create, and tells the record what becomes of it, however late and whoever still waits. */
  private async create(
    { plan: { resolved, request }, input, hold }: { plan: ReplicatePlan; input: object; hold: boolean },
    record: PredictionRecord,
    life: Life,
  ): Promise<{ created: Prediction; askedAt: number }> {
    const { client, admission, publicUrl } = this.parts;
    const webhook = publicUrl === undefined ? undefined : webhookAddress(publicUrl, record.id);
    let askedAt: number | undefined;
    const send = (): Promise<Prediction> => {
      askedAt = performance.now();
      record.sent();
      return client.create({ target: resolved.target, input, webhook, hold }, life);
    };
    const answer = admission
      .create(request.model.upstream, life, send)
      .then((prediction) => heard(prediction, record));
    answer.catch((error: unknown) => noteFailure(error, record, life));
    const told = toldToEnd(record);
    try {
      const created = await life.race(Promise.race([answer, told.prediction]));
      return { created, askedAt: askedAt ?? performance.now() };
    } catch (error) {
      const isQueued = askedAt === undefined && life.ending?.reason === 'prediction_timeout';
      throw isQueued ? new ApiError('upstream_rate_limited', { retryAfterMs: QUEUED_RETRY }) : error;
    } finally {
      told.stop();
    }
  }

  private async finish(waiting: Waiting, created: Prediction, askedAt: number): Promise<ProviderAnswer> {
    const { plan, record } = waiting;
    const prediction = created.finished
      ? await this.withTimes(created, record, isWorthTelling(plan, performance.now() - askedAt))
      : await this.follow(created, waiting, { lookAtOnce: record.hasEnded });
    return toAnswer(prediction, plan, askedAt);
  }

  private follow(
    started: Prediction,
    { plan, record, life, relay }: Waiting,
    { lookAtOnce }: { lookAtOnce: boolean },
  ): Promise<Prediction> {
    const wake = new Wake();
    const stopListening = record.onNews(() => wake.call());
    if (lookAtOnce) wake.call();
    const onReport = (prediction: Prediction): void => void record.reported(toReport(prediction));
    const { client, streams } = this.parts;
    // Only pieces of one text are an answer by themselves; an event of another output is the output whole, or its parts.
    const relayed = plan.resolved.model.output === 'pieces' ? relay : undefined;
    return follow({ client, streams, started, life, wake, onReport, relay: relayed }).finally(stopListening);
  }

  /**
   * A held create's answer comes with its output, but without its times and its bill; they may be worth one
   * question. The answer does not wait for it long.
   */
  private async withTimes(held: Prediction, record: PredictionRecord, isWorth: boolean): Promise<Prediction> {
    if (held.terminal || !isWorth) return held;
    try {
      const full = await this.parts.client.get(held.id, AbortSignal.timeout(TELLING_LIMIT));
      record.reported(toReport(full));
      return full.status === 'succeeded' && full.output !== null ? full : held;
    } catch {
      // The bill is settled afterwards, as for every held answer.
      return held;
    }
  }
}

/**
 * Whether to hold the line of a create for the prediction's end. A held line says nothing until then: not what a model
 * gives in pieces, nor the ids of predictions that nothing but these tells apart.
 */
function isHeld({ resolved, request: { choices = 1 } }: ReplicatePlan, relay: Relay | undefined): boolean {
  return choices === 1 && (!relay || resolved.model.output !== 'pieces');
}

/** After a long hold the times tell a cold boot from a slow model; official models count tokens, and bill by them. */
function isWorthTelling({ resolved }: ReplicatePlan, heldMs: number): boolean {
  return heldMs >= WORTH_TELLING || resolved.target.kind === 'official';
}

async function reportUnlessGone(answer: Promise<Prediction>): Promise<PredictionReport | undefined> {
  try {
    return toReport(await answer);
  } catch (error) {
    if (error instanceof UpstreamFault && error.status === 404) return undefined;
    throw error;
  }
}
