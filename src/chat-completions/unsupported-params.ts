// OpenAI's parameters of chat completions that no model here can honour, with the values that ask for nothing.
import type { ApiPropertyOptions } from '@nestjs/swagger';
import type { NeutralParams } from '../contracts/neutral-params.js';

const BOOLEAN: ApiPropertyOptions = { type: 'boolean' };
const INTEGER: ApiPropertyOptions = { type: 'integer' };
const STRING: ApiPropertyOptions = { type: 'string' };
const OBJECT: ApiPropertyOptions = { type: 'object', additionalProperties: true };
const OBJECTS = {
  type: 'array',
  items: { type: 'object', additionalProperties: true },
} as unknown as ApiPropertyOptions;
const STRINGS = { type: 'array', items: { type: 'string' } } as unknown as ApiPropertyOptions;
const NAME_OR_OBJECT: ApiPropertyOptions = {
  oneOf: [{ type: 'string' }, { type: 'object', additionalProperties: true }],
};

/** The table. */
export const CHAT_PARAMS: NeutralParams = {
  logprobs: { schema: BOOLEAN, neutral: [false] },
  top_logprobs: { schema: INTEGER, neutral: [0] },
  logit_bias: { schema: OBJECT, neutral: [{}] },
  tools: { schema: OBJECTS, neutral: [[]] },
  tool_choice: { schema: NAME_OR_OBJECT, neutral: ['none', 'auto'] },
  parallel_tool_calls: { schema: BOOLEAN, neutral: [true, false] },
  functions: { schema: OBJECTS, neutral: [[]] },
  function_call: { schema: NAME_OR_OBJECT, neutral: ['none', 'auto'] },
  store: { schema: BOOLEAN, neutral: [false] },
  service_tier: { schema: STRING, neutral: ['auto', 'default'] },
  modalities: { schema: STRINGS, neutral: [['text'], []] },
  reasoning_effort: { schema: STRING, neutral: ['none'] },
  verbosity: { schema: STRING, neutral: ['medium'] },
  prediction: { schema: OBJECT, neutral: [] },
  audio: { schema: OBJECT, neutral: [] },
  web_search_options: { schema: OBJECT, neutral: [] },
  moderation: { schema: OBJECT, neutral: [] },
};
