// The one road that every request takes: resolve the model, plan, load the images, ask, settle. Doors know
// only this.
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import type { ImageSource } from '../images/image-source.js';
import type { Call } from '../inference/call.js';
import {
  InferenceProvider,
  type InferencePlan,
  type InferenceRequest,
  type InferenceResult,
  type ProviderAnswer,
} from '../inference/inference.js';
import { settle } from '../inference/settle.js';
import { ModelCatalogue } from '../models/catalogue.service.js';
import { countTokens } from '../tokenizer/llama-tokenizer.js';
import { Asking } from './asking.service.js';
import { ImagesForPlan } from './images-for-plan.js';
import { Joining } from './joining.service.js';

/** A request as a door has it: the model still by the name that the caller used, if any. */
export type DoorRequest = Omit<InferenceRequest, 'model' | 'imageCount'> & {
  readonly modelName: string | null | undefined;
  readonly images: readonly ImageSource[];
};

/** The gateway. */
@Injectable()
export class Gateway implements OnModuleInit {
  constructor(
    private readonly models: ModelCatalogue,
    private readonly provider: InferenceProvider,
    private readonly images: ImagesForPlan,
    private readonly asking: Asking,
    private readonly joining: Joining,
  ) {}

  /** Reads the vocabulary now, so that no caller waits for it. */
  onModuleInit(): void {
    countTokens(' ');
  }

  /**
   * Answers a request.
   *
   * @throws {ApiError} every failure
   */
  async answer({ modelName, images, ...question }: DoorRequest, call: Call): Promise<InferenceResult> {
    const model = this.models.resolve(modelName);
    const request = { ...question, model, imageCount: images.length };
    const plan = this.withPrice(await this.provider.plan(request, call.signal));
    const answer = (await this.joining.join(plan, call)) ?? (await this.ask(plan, images, call));
    return { ...settle(plan.request, answer), timings: timings(answer, call) };
  }

  private withPrice(plan: InferencePlan): InferencePlan {
    return { ...plan, price: plan.price ?? this.models.listPrice(plan.hardware) };
  }

  private async ask(
    plan: InferencePlan,
    images: readonly ImageSource[],
    call: Call,
  ): Promise<ProviderAnswer> {
    // The call that this one repeats has not come so far, or has just ended: its answer is the one to come for.
    if (call.onlyJoins) throw new ApiError('idempotency_in_progress', { retryAfterMs: 1000 });
    const payloads = await this.images.load(plan, images, call);
    return this.asking.ask(await this.provider.prepare(plan, payloads, call.signal), call);
  }
}

function timings(
  { askedAt, bootMs, runMs }: ProviderAnswer,
  { arrivedAt }: Call,
): InferenceResult['timings'] {
  return {
    queueMs: Math.max(0, Math.round((askedAt ?? performance.now()) - arrivedAt)),
    ...(bootMs !== undefined && { bootMs }),
    ...(runMs !== undefined && { runMs }),
  };
}
