// From OpenAI's completion request to a question of ours, and from our result to OpenAI's answer.
import type { DoorRequest } from '../gateway/gateway.service.js';
import { parseImageList } from '../images/image-source.js';
import type { InferenceResult } from '../inference/inference.js';
import type { CompletionRequest, CompletionResponse } from './completions.contract.js';

/** The question in a request. A field that is absent or null is left to the model's defaults. */
export function toDoorRequest(request: CompletionRequest): DoorRequest {
  const { stop } = request;
  return {
    modelName: request.model,
    prompt: request.prompt,
    images: parseImageList(request.image_urls, 'image_urls'),
    ...given('system', request.system_prompt),
    ...given('maxTokens', request.max_tokens),
    ...given('temperature', request.temperature),
    ...given('topP', request.top_p),
    ...given('topK', request.top_k),
    ...given('seed', request.seed),
    ...given('stop', typeof stop === 'string' ? [stop] : stop),
    ...given('doSample', request.do_sample),
  };
}

function given<Name extends string, Value>(
  name: Name,
  value: Value | null | undefined,
): Partial<Record<Name, Value>> {
  return value == null ? {} : ({ [name]: value } as Record<Name, Value>);
}

/**
 * The answer on the wire.
 *
 * @param created when the request was taken up, in Unix seconds
 */
export function toCompletionResponse(
  { id, model, text, finishReason, usage }: InferenceResult,
  created: number,
): CompletionResponse {
  return {
    id,
    object: 'text_completion',
    created,
    model: model.id,
    choices: [{ text, index: 0, logprobs: null, finish_reason: finishReason }],
    usage: {
      prompt_tokens: usage.prompt,
      completion_tokens: usage.completion,
      total_tokens: usage.prompt + usage.completion,
    },
  };
}
