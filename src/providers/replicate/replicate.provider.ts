// Replicate as an inference provider: one question is one prediction, waited for to its end.
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ApiError } from '../../errors/api-error.js';
import type { InferenceProvider, InferenceRequest, ProviderAnswer } from '../../inference/inference.js';
import { Abandoned } from './abandoned.js';
import { withRetries } from './create-retries.js';
import { endToApiError, faultToApiError } from './failure.js';
import { follow } from './follow.js';
import { toModelInput, toParam } from './input.js';
import { Life } from './life.js';
import { COMMA_SEPARATED_IMAGES } from './known-interfaces.js';
import type { ModelInterfacesStore } from './model-interfaces.store.js';
import { outputText } from './output.js';
import { findPredictionId, type Prediction } from './prediction.wire.js';
import type { ReplicateClient } from './replicate.client.js';
import type { ReplicateTransport } from './transport.js';
import { UpstreamFault } from './upstream-fault.js';

/** How long a shutdown waits for cancellations to reach Replicate, in milliseconds. */
const SHUTDOWN_LIMIT = 5000;

/** Asks models on Replicate. */
@Injectable()
export class ReplicateProvider implements InferenceProvider, OnApplicationShutdown {
  private readonly abandoned: Abandoned;
  private readonly lives = new Set<Life>();

  constructor(
    private readonly client: ReplicateClient,
    private readonly interfaces: ModelInterfacesStore,
    private readonly transport: ReplicateTransport,
    private readonly predictionTimeoutMs: number,
  ) {
    this.abandoned = new Abandoned(client);
  }

  async infer(request: InferenceRequest, signal: AbortSignal): Promise<ProviderAnswer> {
    const life = new Life(signal, this.predictionTimeoutMs);
    this.lives.add(life);
    let model = COMMA_SEPARATED_IMAGES;
    try {
      model = this.interfaces.known(request.model) ?? (await this.interfaces.ask(request.model, life.signal));
      const { input, tokenLimit } = toModelInput(request, model);
      const prediction = await this.predict(request.model.version, input, life);
      return toAnswer(prediction, tokenLimit);
    } catch (error) {
      throw life.ending ?? faultToApiError(error, (field) => toParam(field, model));
    } finally {
      this.lives.delete(life);
      life.dispose();
    }
  }

  /** Ends what still runs, and lets its cancellation reach Replicate before the connections close. */
  async onApplicationShutdown(): Promise<void> {
    for (const life of this.lives) life.stop(new ApiError('shutting_down'));
    // The ended requests hand their predictions over in the microtasks that follow.
    await new Promise((resolve) => setImmediate(resolve));
    const limit = new Promise((resolve) => setTimeout(resolve, SHUTDOWN_LIMIT).unref());
    await Promise.race([this.abandoned.settled(), limit]);
    await this.transport.close();
  }

  private async predict(version: string, input: object, life: Life): Promise<Prediction> {
    const started = await this.create(version, input, life);
    if (started.finished) return started;
    this.abandoned.claim(started.id);
    try {
      return await follow(this.client, started, life);
    } catch (error) {
      this.abandoned.cancel(started.id);
      throw error;
    } finally {
      this.abandoned.release(started.id);
    }
  }

  /** Starts a prediction. A life that ends while the create is held leaves it to be found and cancelled. */
  private async create(version: string, input: object, life: Life): Promise<Prediction> {
    const answer = withRetries(() => this.client.create(version, input, life), life);
    const held = { version, input, answer, sentAt: () => this.transport.sentAt(life.signal) };
    this.abandoned.hold(held);
    try {
      return await life.race(answer);
    } catch (error) {
      if (life.ending) this.abandoned.abandon(held);
      else if (error instanceof UpstreamFault) this.cancelBroken(error);
      throw error;
    }
  }

  /** An answer that broke off or made no sense may still have named what it started. */
  private cancelBroken({ partialBody }: UpstreamFault): void {
    const id = partialBody === undefined ? undefined : findPredictionId(partialBody);
    if (id !== undefined) this.abandoned.cancel(id);
  }
}

function toAnswer(prediction: Prediction, tokenLimit: number | undefined): ProviderAnswer {
  const { id, status, output, tokens } = prediction;
  if (status === 'failed' || status === 'canceled' || status === 'aborted') throw endToApiError(prediction);
  const text = outputText(output);
  if (text === undefined) {
    throw new ApiError('upstream_invalid_response', { message: 'The model finished without an output.' });
  }
  return { id, text, ...(tokens && { tokens }), ...(tokenLimit !== undefined && { tokenLimit }) };
}
