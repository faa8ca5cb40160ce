// From OpenAI's completion request to a question of ours, and from our answers to OpenAI's.
import { unsupportedIn } from '../contracts/neutral-params.js';
import { given, toSharedAsk, unsupportedStreamOptions } from '../contracts/sampling.mapper.js';
import { toUsage } from '../contracts/usage.contract.js';
import type { Answers, DoorRequest } from '../gateway/question.js';
import { parseImageList } from '../images/image-source.js';
import { PROMPT_NAMES } from '../inference/param-names.js';
import type { CompletionRequest, CompletionResponse } from './completions.contract.js';
import { COMPLETION_PARAMS } from './unsupported-params.js';

/**
 * The question in a request.
 *
 * @throws {ApiError} for images of no known form, and fields that contradict each other
 */
export function toDoorRequest(request: CompletionRequest): DoorRequest {
  return {
    ...toSharedAsk(request, request.max_tokens),
    names: PROMPT_NAMES,
    prompt: promptOf(request),
    images: parseImageList(request.image_urls, 'image_urls'),
    unsupported: [...unsupportedIn(request, COMPLETION_PARAMS), ...unsupportedStreamOptions(request)],
    ...given('system', request.system_prompt),
  };
}

/** What each text begins with: the prompt, where the caller wants its echo. */
export function echoOf(request: CompletionRequest): string {
  return request.echo === true ? promptOf(request) : '';
}

/**
 * The answer on the wire.
 *
 * @param created when the request was taken up, in Unix seconds
 * @param echo what each text begins with
 */
export function toCompletionResponse(
  { model, choices, usage }: Answers,
  created: number,
  echo: string,
): CompletionResponse {
  return {
    id: choices[0].id,
    object: 'text_completion',
    created,
    model: model.id,
    choices: choices.map(({ text, finishReason }, index) => ({
      text: echo + text,
      index,
      logprobs: null,
      finish_reason: finishReason,
    })),
    usage: toUsage(usage),
  };
}

function promptOf({ prompt }: CompletionRequest): string {
  return typeof prompt === 'string' ? prompt : prompt[0];
}
