// Why a model cannot be asked, in words for the caller who named it.
import { ApiError } from '../../errors/api-error.js';
import type { ModelSpec } from '../../inference/inference.js';
import type { ModelInterface } from './model-interface.js';

/** The answer to a caller of a model that cannot be asked. */
export function uncallable({ id }: Pick<ModelSpec, 'id'>, reason: string): ApiError {
  return new ApiError('model_not_found', {
    param: 'model',
    message: `The model '${id}' cannot be used: ${reason}.`,
  });
}

/** Why a model cannot be asked with the inputs that its operator has fixed; undefined where it can. */
export function reasonNotToAsk({ unfilled }: ModelInterface, { input = {} }: ModelSpec): string | undefined {
  const missing = unfilled.find((name) => !Object.hasOwn(input, name));
  return missing === undefined ? undefined : `it needs an input '${missing}' that no request has`;
}
