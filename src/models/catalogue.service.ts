// Which models callers may name.
import { Injectable } from '@nestjs/common';
import { SettingsService } from '../config/config.module.js';
import { ApiError } from '../errors/api-error.js';
import type { ModelSpec } from '../inference/inference.js';

/** The default model's name with us, and at Replicate. */
export const DEFAULT_MODEL = 'cerebro-phi3.5-vision-instruct';
const DEFAULT_UPSTREAM = 'jimothyjohn/phi3-vision-instruct';

/** The models of this gateway. */
@Injectable()
export class ModelCatalogue {
  private readonly defaultModel: ModelSpec;

  constructor(settings: SettingsService) {
    this.defaultModel = {
      id: DEFAULT_MODEL,
      upstream: DEFAULT_UPSTREAM,
      version: settings.get('replicateModelVersion', { infer: true }),
    };
  }

  /**
   * The model that a caller means; the default one for a caller who names none.
   *
   * @throws {ApiError} `model_not_found`
   */
  resolve(name: string | null | undefined): ModelSpec {
    if (name == null || name === this.defaultModel.id) return this.defaultModel;
    throw new ApiError('model_not_found', {
      param: 'model',
      message: `The model \`${name.slice(0, 200)}\` does not exist or you do not have access to it.`,
    });
  }
}
