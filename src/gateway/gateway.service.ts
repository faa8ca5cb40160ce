// The one road that every request takes: resolve the model, ask it, settle. Doors know only this.
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InferenceProvider, type InferenceRequest, type InferenceResult } from '../inference/inference.js';
import { settle } from '../inference/settle.js';
import { ModelCatalogue } from '../models/catalogue.service.js';
import { countTokens } from '../tokenizer/llama-tokenizer.js';

/** A request as a door has it: the model still by the name that the caller used, if any. */
export type DoorRequest = Omit<InferenceRequest, 'model'> & { readonly modelName: string | null | undefined };

/** The gateway. */
@Injectable()
export class Gateway implements OnModuleInit {
  constructor(
    private readonly models: ModelCatalogue,
    private readonly provider: InferenceProvider,
  ) {}

  /** Reads the vocabulary now, so that no caller waits for it. */
  onModuleInit(): void {
    countTokens(' ');
  }

  /**
   * Answers a request.
   *
   * @param signal aborted when the caller has gone
   * @throws {ApiError} every failure
   */
  async answer({ modelName, ...question }: DoorRequest, signal: AbortSignal): Promise<InferenceResult> {
    const request: InferenceRequest = { ...question, model: this.models.resolve(modelName) };
    return settle(request, await this.provider.infer(request, signal));
  }
}
