// From OpenAI's chat request to a question of ours, and from our answers to OpenAI's.
import { unsupportedIn } from '../contracts/neutral-params.js';
import { given, toSharedAsk, unsupportedStreamOptions } from '../contracts/sampling.mapper.js';
import type { Answers, DoorRequest } from '../gateway/question.js';
import { CHAT_NAMES, type ParamNames } from '../inference/param-names.js';
import type { AnswerForm } from '../structured-output/answer-form.js';
import type { ChatCompletionRequest } from './chat-request.contract.js';
import type { ChatCompletion } from './chat-response.contract.js';
import { chatUsage } from './chat-usage.js';
import type { ResponseFormat } from './response-format.contract.js';
import { readConversation } from './turns.js';
import { CHAT_PARAMS } from './unsupported-params.js';

/** Of a caller who uses the deprecated name. */
const OLDER_NAMES: ParamNames = { ...CHAT_NAMES, maxTokens: 'max_tokens' };

/**
 * The question in a request.
 *
 * @throws {ApiError} for messages that make no conversation, images of no known form, and fields that contradict
 *   each other
 */
export function toDoorRequest(request: ChatCompletionRequest): DoorRequest {
  const { prompt, system, images } = readConversation(request.messages);
  const { max_completion_tokens: newer, max_tokens: older } = request;
  return {
    ...toSharedAsk(request, newer ?? older),
    names: newer == null && older != null ? OLDER_NAMES : CHAT_NAMES,
    prompt,
    images,
    unsupported: [...unsupportedIn(request, CHAT_PARAMS), ...unsupportedStreamOptions(request)],
    ...given('system', system === '' ? undefined : system),
    ...given('form', toForm(request.response_format)),
  };
}

function toForm(format: ResponseFormat | null | undefined): AnswerForm | undefined {
  if (format == null || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { kind: 'json_object' };
  const { name, description, schema } = format.json_schema;
  return {
    kind: 'json_schema',
    name,
    ...given('description', description === '' ? undefined : description),
    schema,
    param: 'response_format.json_schema.schema',
  };
}

/**
 * The answer on the wire.
 *
 * @param created when the request was taken up, in Unix seconds
 */
export function toChatCompletion({ model, choices, usage }: Answers, created: number): ChatCompletion {
  return {
    id: `chatcmpl-${choices[0].id}`,
    object: 'chat.completion',
    created,
    model: model.id,
    choices: choices.map(({ text, finishReason }, index) => ({
      index,
      message: { role: 'assistant', content: text, refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: finishReason,
    })),
    usage: chatUsage(usage),
    service_tier: 'default',
    system_fingerprint: null,
  };
}
