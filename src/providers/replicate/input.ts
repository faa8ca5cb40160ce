// Makes a model's input out of a request, within the model's own bounds. Refuses here, before anything is
// sent, what the model would refuse, or fail on, for money.
import type { ImageForm, InferenceRequest } from '../../inference/inference.js';
import { namesOf, type ParamNames } from '../../inference/param-names.js';
import { imageFormsFor, imageInput, type ImageValue } from './input-images.js';
import { messagesInput, type PlannedMessages } from './input-messages.js';
import { type FixedInput, tokenLimitInput } from './input-numbers.js';
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
  /** The conversation, where it goes into messages, with its images inside. */
  readonly messages?: PlannedMessages;
  /** Parameters that the model lacks and that were left out, by the callers' names. */
  readonly dropped: readonly string[];
}

/**
 * The input for a model, without its images.
 *
 * The token limit is moved into the model's bounds; everything else that is out of them is refused, as is what
 * the model lacks, unless the request drops that. What the model's operator has fixed stays, but for the question
 * and the images.
 *
 * @throws {ApiError} naming the caller's parameter that the model cannot take; `model_not_found` for a model
 *   with an input that nothing fills
 */
export function planInput(request: InferenceRequest, model: ModelInterface): PlannedInput {
  const { defaults = {}, input: fixed = {} } = request.model;
  const reason = reasonNotToAsk(model, request.model);
  if (reason !== undefined) throw uncallable(request.model, reason);
  const names = namesOf(request);
  const imageForms = imageFormsFor(request.imageCount, model.images, fixed, names.images);
  const limit = tokenLimitInput(
    { name: names.maxTokens, value: request.maxTokens ?? defaults.maxTokens },
    model.tokenLimit,
    fixed,
  );
  const sampling = samplingInput(request, defaults, model, fixed);
  const texts = textInput(request, model, fixed);
  const { messages } = texts;
  return {
    fields: {
      ...model.presets,
      ...limit.fields,
      ...sampling.fields,
      ...stopInput(request.stop ?? defaults.stop, model.stop, fixed),
      ...(messages ? besideMessages(fixed, request, model) : fixed),
      ...texts.fields,
    },
    imageForms: messages && request.imageCount > 0 ? ['uri'] : imageForms,
    dropped: sampling.dropped,
    ...(limit.tokenLimit !== undefined && { tokenLimit: limit.tokenLimit }),
    ...(messages && { messages }),
  };
}

/** The whole input: the plan's with its images, which all have one of the plan's forms, in order. */
export function withImages(
  { fields, messages }: PlannedInput,
  { images: channels }: ModelInterface,
  images: readonly ImageValue[],
): Record<string, unknown> {
  return { ...fields, ...(messages ? messagesInput(messages, images) : imageInput(images, channels)) };
}

/** The caller's name for a field of the model's input. */
export function toParam(field: string, model: ModelInterface, params: ParamNames): string | undefined {
  const names: readonly (readonly [string | undefined, string])[] = [
    [model.prompt.name, params.prompt],
    [model.messages?.name, params.prompt],
    [model.history?.name, params.prompt],
    [model.system?.name, params.system],
    [model.tokenLimit?.name, params.maxTokens],
    [model.sampling.temperature?.name, NUMBER_PARAMS.temperature.name],
    [model.sampling.topP?.name, NUMBER_PARAMS.topP.name],
    [model.sampling.topK?.name, NUMBER_PARAMS.topK.name],
    [model.sampling.seed?.name, NUMBER_PARAMS.seed.name],
    [model.sampling.frequencyPenalty?.name, NUMBER_PARAMS.frequencyPenalty.name],
    [model.sampling.presencePenalty?.name, NUMBER_PARAMS.presencePenalty.name],
    [model.sampler?.name, 'do_sample'],
    [model.stop?.name, 'stop'],
  ];
  if (model.images.some((channel) => channel.names.includes(field))) return params.images;
  return names.find(([name]) => name === field)?.[1];
}

/** What stays of the operator's part where a conversation goes into messages: not the question, nor the images. */
function besideMessages(
  fixed: FixedInput,
  { imageCount }: InferenceRequest,
  { prompt, images }: ModelInterface,
): FixedInput {
  const pictures = imageCount > 0 ? images.flatMap(({ names }) => names) : [];
  const replaced = new Set([prompt.name, ...pictures]);
  return Object.fromEntries(Object.entries(fixed).filter(([name]) => !replaced.has(name)));
}
