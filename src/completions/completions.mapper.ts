// From OpenAI's completion request to a question of ours, and from our result to OpenAI's answer.
import type { DoorRequest } from '../gateway/gateway.service.js';
import type { InferenceResult } from '../inference/inference.js';
import type { CompletionRequest, CompletionResponse } from './completions.contract.js';
import { parseImageAddresses } from './image-addresses.js';

/** The question in a request. A field that is absent or null has the default that the contract documents. */
export function toDoorRequest(request: CompletionRequest): DoorRequest {
  return {
    modelName: request.model,
    prompt: request.prompt,
    images: parseImageAddresses(request.image_urls),
    maxTokens: request.max_tokens ?? 1000,
    temperature: request.temperature ?? 0.7,
    doSample: request.do_sample ?? true,
  };
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
