// The wire format of a request to `POST /v1/chat/completions`: OpenAI's, with `do_sample` and `top_k` of our own.
import { IntegerField, TextField } from '../contracts/fields.js';
import { AnyObjectField, KindField, KindsListField, TextMapField } from '../contracts/nested-fields.js';
import { TakesNeutral } from '../contracts/neutral-params.js';
import { SamplingFields } from '../contracts/sampling.contract.js';
import { type ChatMessage, MESSAGES } from './chat-messages.contract.js';
import { FORMATS, type ResponseFormat } from './response-format.contract.js';
import { CHAT_PARAMS } from './unsupported-params.js';

const MAX_TOKENS = { min: 1, max: 2_147_483_647 };

/** A conversation with images. */
@TakesNeutral(CHAT_PARAMS)
export class ChatCompletionRequest extends SamplingFields {
  @KindsListField({
    required: true,
    minItems: 1,
    maxItems: 2000,
    kinds: MESSAGES,
    description:
      "The conversation. The last message is a user's; texts of systems and developers are put together wherever they stand. At most 16 images in all. Models that take one prompt are given the conversation as text, in the form that their family knows.",
  })
  messages!: ChatMessage[];

  @IntegerField({
    ...MAX_TOKENS,
    default: 1000,
    description:
      "Most tokens of the answer. The default is the default model's; other models have their own. More than the model's maximum is taken as that maximum; `finish_reason` is `length` where the limit ended the answer.",
  })
  max_completion_tokens?: number | null;

  @IntegerField({
    ...MAX_TOKENS,
    deprecated: true,
    description: 'The older name of `max_completion_tokens`, which wins where both are given.',
  })
  max_tokens?: number | null;

  @KindField({
    kinds: FORMATS,
    description:
      'What the answer must look like. JSON is checked before it is sent, also in a stream; where it does not fit, the model is asked again, and `x-cerebro-attempts` says how often.',
  })
  response_format?: ResponseFormat | null;

  @TextMapField({
    maxPairs: 16,
    maxKeyLength: 64,
    maxLength: 512,
    description: 'Notes of your own, up to 16. Taken, and not used.',
  })
  metadata?: Record<string, string> | null;

  @TextField({
    allowEmpty: true,
    maxLength: 64,
    description: 'Who is asking, for OpenAI. Taken, and not used.',
  })
  safety_identifier?: string | null;

  @TextField({ allowEmpty: true, maxLength: 1000, description: 'Taken, and not used: nothing is cached.' })
  prompt_cache_key?: string | null;

  @TextField({ allowEmpty: true, maxLength: 1000, description: 'Taken, and not used: nothing is cached.' })
  prompt_cache_retention?: string | null;

  @AnyObjectField({ description: 'Taken, and not used: nothing is cached.' })
  prompt_cache_options?: object | null;
}
