// Makes a model's input out of a request, within the model's own bounds. Refuses here, before anything is
// sent, what the model would refuse, or fail on, for money.
import { ApiError } from '../../errors/api-error.js';
import type { InferenceRequest } from '../../inference/inference.js';
import type { ImageField, ModelInterface } from './model-interface.js';

/** Input for Replicate, and the token limit in it. */
export interface ModelInput {
  readonly input: Record<string, unknown>;
  readonly tokenLimit?: number;
}

/**
 * The input for a model.
 *
 * The token limit is moved into the model's bounds; everything else that is out of them is refused.
 *
 * @throws {ApiError} naming the caller's parameter that the model cannot take
 */
export function toModelInput(request: InferenceRequest, model: ModelInterface): ModelInput {
  const tokenLimit =
    model.maxTokens &&
    Math.min(model.maxTokens.maximum, Math.max(model.maxTokens.minimum, request.maxTokens));
  const input = {
    [model.prompt]: model.reserved ? request.prompt.replace(model.reserved, '< |') : request.prompt,
    ...imageInput(request.images, model.images),
    ...(model.maxTokens && { [model.maxTokens.name]: tokenLimit }),
    ...samplingInput(request, model),
  };
  return { input, ...(tokenLimit !== undefined && { tokenLimit }) };
}

/** The caller's name for a field of the model's input. */
export function toParam(field: string, model: ModelInterface): string | undefined {
  switch (field) {
    case model.prompt:
      return 'prompt';
    case model.images?.name:
      return 'image_urls';
    case model.maxTokens?.name:
      return 'max_tokens';
    case model.temperature?.name:
    case model.doSample:
      return field;
    default:
      return undefined;
  }
}

function imageInput(images: readonly string[], field: ImageField | undefined): Record<string, unknown> {
  if (images.length === 0) {
    if (!field?.required) return {};
    throw new ApiError('missing_required_parameter', {
      param: 'image_urls',
      message: "Missing required parameter: 'image_urls'. This model answers questions about images only.",
    });
  }
  if (!field) {
    throw new ApiError('unsupported_value', { param: 'image_urls', message: 'This model takes no images.' });
  }
  switch (field.form) {
    case 'csv':
      return { [field.name]: images.map(toCommaFree).join(',') };
    case 'uris':
      return { [field.name]: images };
    case 'uri':
      if (images.length === 1) return { [field.name]: images[0] };
      throw new ApiError('array_above_max_length', {
        param: 'image_urls',
        message: `Invalid 'image_urls': this model takes one image, but got ${images.length}.`,
      });
  }
}

/** The model splits its addresses on commas, and fetches each itself: no data URI, and commas escaped. */
function toCommaFree(address: string, position: number): string {
  if (/^data:/i.test(address)) {
    throw new ApiError('invalid_image_url', {
      param: `image_urls[${position}]`,
      message: `Invalid 'image_urls[${position}]': this model fetches images by their http(s) address and cannot take a data URI.`,
    });
  }
  return address.replaceAll(',', '%2C');
}

/** Greedy decoding is `do_sample: false`; transformers refuses a temperature of 0 together with sampling. */
function samplingInput(
  { temperature, doSample }: InferenceRequest,
  model: ModelInterface,
): Record<string, unknown> {
  const greedy = temperature === 0 && model.doSample !== undefined;
  const sampling = greedy ? false : doSample;
  return {
    ...(temperature !== undefined &&
      !greedy &&
      model.temperature &&
      temperatureInput(temperature, model.temperature)),
    ...(sampling !== undefined && model.doSample && { [model.doSample]: sampling }),
  };
}

function temperatureInput(
  value: number,
  { name, minimum, maximum }: { name: string; minimum: number; maximum: number },
) {
  if (value > maximum) {
    throw new ApiError('decimal_above_max_value', {
      param: 'temperature',
      message: `Invalid 'temperature': decimal above maximum value. Expected a value <= ${maximum} with this model, but got ${value} instead.`,
    });
  }
  if (value < minimum) {
    throw new ApiError('decimal_below_min_value', {
      param: 'temperature',
      message: `Invalid 'temperature': decimal below minimum value. Expected a value >= ${minimum} with this model, but got ${value} instead.`,
    });
  }
  return { [name]: value };
}
