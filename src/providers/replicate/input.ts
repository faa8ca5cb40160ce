// Makes a model's input out of a request, within the model's own bounds. Refuses here, before anything is
// sent, what the model would refuse, or fail on, for money.
import type { ImageForm, InferenceRequest } from '../../inference/inference.js';
import { imageFormsFor, imageInput, type ImageValue } from './input-images.js';
import { tokenLimitInput } from './input-numbers.js';
import { NUMBER_PARAMS, samplingInput, stopInput } from './input-sampling.js';
import { textInput } from './input-texts.js';
import type { ModelInterface } from './model-interface.js';
import { reasonNotToAsk, uncallable } from './uncallable.js';

export type { ImageValue } from './input-images.js';

/** Everything in an input but the images. */
export interface PlannedInput {
  readonly fields: Record<string, unknown>;
  /** The token limit that will be in force; absent where nobody knows. */
  readonly tokenLimit?: number;
  /** All forms in which the model takes as many images as the request has, best first. */
  readonly imageForms: readonly ImageForm[];
}

/**
 * The input for a model, without its images.
 *
 * The token limit is moved into the model's bounds; everything else that is out of them is refused. What the
 * model's operator has fixed stays, but for the question and the images.
 *
 * @throws {ApiError} naming the caller's parameter that the model cannot take; `model_not_found` for a model
 *   with an input that nothing fills
 */
export function planInput(request: InferenceRequest, model: ModelInterface): PlannedInput {
  const { defaults = {}, input: fixed = {} } = request.model;
  const reason = reasonNotToAsk(model, request.model);
  if (reason !== undefined) throw uncallable(request.model, reason);
  const imageForms = imageFormsFor(request.imageCount, model.images, fixed);
  const limit = tokenLimitInput(request.maxTokens ?? defaults.maxTokens, model.tokenLimit, fixed);
  const fields = {
    ...model.presets,
    ...limit.fields,
    ...samplingInput(request, defaults, model, fixed),
    ...stopInput(request.stop ?? defaults.stop, model.stop, fixed),
    ...fixed,
    ...textInput(request, model, fixed),
  };
  return { fields, imageForms, ...(limit.tokenLimit !== undefined && { tokenLimit: limit.tokenLimit }) };
}

/** The whole input: the plan's with its images, which all have one of the plan's forms, in order. */
export function withImages(
  { fields }: PlannedInput,
  { images: channels }: ModelInterface,
  images: readonly ImageValue[],
): Record<string, unknown> {
  return { ...fields, ...imageInput(images, channels) };
}

/** The caller's name for a field of the model's input. */
export function toParam(field: string, model: ModelInterface): string | undefined {
  const names: readonly (readonly [string | undefined, string])[] = [
    [model.prompt.name, 'prompt'],
    [model.system?.name, 'system'],
    [model.tokenLimit?.name, 'max_tokens'],
    [model.sampling.temperature?.name, NUMBER_PARAMS.temperature.name],
    [model.sampling.topP?.name, NUMBER_PARAMS.topP.name],
    [model.sampling.topK?.name, NUMBER_PARAMS.topK.name],
    [model.sampling.seed?.name, NUMBER_PARAMS.seed.name],
    [model.sampler?.name, 'do_sample'],
    [model.stop?.name, 'stop'],
  ];
  if (model.images.some((channel) => channel.names.includes(field))) return 'image_urls';
  return names.find(([name]) => name === field)?.[1];
}
