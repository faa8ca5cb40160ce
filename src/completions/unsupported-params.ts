// OpenAI's parameters of completions that no model here can honour, with the values that ask for nothing.
import type { NeutralParams } from '../contracts/neutral-params.js';

/** The table. */
export const COMPLETION_PARAMS: NeutralParams = {
  best_of: { schema: { type: 'integer' }, neutral: [1], orEqualTo: 'n' },
  suffix: { schema: { type: 'string' }, neutral: [''] },
  logprobs: { schema: { type: 'integer' }, neutral: [] },
  logit_bias: { schema: { type: 'object', additionalProperties: true }, neutral: [{}] },
};
