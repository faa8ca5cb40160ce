// From the fields that both doors have to the domain's request.
import { ApiError } from '../errors/api-error.js';
import type { Sampling } from '../inference/inference.js';
import type { SamplingFields } from './sampling.contract.js';

/** What the shared fields say to the gateway. */
export interface SharedAsk extends Sampling {
  readonly modelName: string | null | undefined;
  readonly choices: number;
}

/** The shared fields of a request. One that is absent or null is left to the model's defaults. */
export function toSharedAsk(request: SamplingFields, maxTokens: number | null | undefined): SharedAsk {
  const { stop } = request;
  return {
    modelName: request.model,
    choices: request.n ?? 1,
    ...given('maxTokens', maxTokens),
    ...given('temperature', request.temperature),
    ...given('topP', request.top_p),
    ...given('topK', request.top_k),
    ...given('frequencyPenalty', request.frequency_penalty),
    ...given('presencePenalty', request.presence_penalty),
    ...given('seed', request.seed),
    ...given('stop', typeof stop === 'string' ? [stop] : stop),
    ...given('doSample', request.do_sample),
  };
}

/**
 * What the stream options ask for that cannot be honoured.
 *
 * @throws {ApiError} `invalid_value` for options without a stream, as OpenAI does
 */
export function unsupportedStreamOptions({ stream, stream_options: options }: SamplingFields): string[] {
  if (options == null) return [];
  if (stream !== true) {
    throw new ApiError('invalid_value', {
      param: 'stream_options',
      message: "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    });
  }
  return options.include_obfuscation === true ? ['stream_options.include_obfuscation'] : [];
}

/** A property that is there only where it has a value. */
export function given<Name extends string, Value>(
  name: Name,
  value: Value | null | undefined,
): Partial<Record<Name, Value>> {
  return value == null ? {} : ({ [name]: value } as Record<Name, Value>);
}
