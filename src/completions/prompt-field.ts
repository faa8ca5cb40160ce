// The prompt of a completion: OpenAI's forms of it, of which those that need a batch or a vocabulary are refused.
import type { ApiPropertyOptions } from '@nestjs/swagger';
import { text, type TextRules, wrongType } from '../contracts/checks.js';
import { below, type Check } from '../contracts/complaint.js';
import { field, type FieldOptions } from '../contracts/fields.js';

/** A text, or a list that holds one. */
export function PromptField(options: FieldOptions<string> & TextRules): PropertyDecorator {
  const { maxLength, ...rest } = options;
  const one = { type: 'string', minLength: 1, maxLength };
  const schema = { oneOf: [one, { type: 'array', items: one, minItems: 1, maxItems: 1 }] };
  return field(rest, schema as ApiPropertyOptions, prompt({ maxLength }));
}

function prompt(rules: TextRules): Check {
  const one = text(rules);
  return (value) => {
    if (typeof value === 'string') return one(value);
    if (!Array.isArray(value)) return wrongType('a string or an array of strings');
    const [first] = value as unknown[];
    if (first === undefined) return { reason: 'empty_array', bound: 1 };
    if (typeof first === 'number' || Array.isArray(first)) {
      return { reason: 'unsupported_value', hint: 'Send the prompt as text: tokens are not taken.' };
    }
    if (value.length > 1) {
      return { reason: 'unsupported_value', hint: 'Send one prompt a request: a list may hold one.' };
    }
    const complaint = one(first);
    return complaint && below('[0]', first, complaint);
  };
}
