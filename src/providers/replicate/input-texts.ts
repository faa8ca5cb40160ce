// The question and the system prompt in a model's input.
import { ApiError } from '../../errors/api-error.js';
import type { InferenceRequest } from '../../inference/inference.js';
import type { FixedInput } from './input-numbers.js';
import type { ModelInterface } from './model-interface.js';
import type { TextField } from './text-fields.js';

/**
 * The inputs that hold the question and the system prompt. A model without a system prompt, or whose operator
 * has fixed it, reads the caller's before the question.
 *
 * @throws {ApiError} for a text that is too long or too short for the model
 */
export function textInput(
  request: InferenceRequest,
  { prompt, system, reserved }: ModelInterface,
  fixed: FixedInput,
): Record<string, string> {
  const clean = (text: string) => (reserved ? text.replace(reserved, '< |') : text);
  const before = clean(request.system ?? '');
  const question = clean(request.prompt);
  if (!system || Object.hasOwn(fixed, system.name)) {
    return { [prompt.name]: fitText('prompt', before ? `${before}\n\n${question}` : question, prompt) };
  }
  return {
    ...((before || system.required) && { [system.name]: fitText('system', before, system) }),
    [prompt.name]: fitText('prompt', question, prompt),
  };
}

function fitText(param: string, text: string, { minLength = 0, maxLength = Infinity }: TextField): string {
  if (text.length < minLength || (text.length < 2 * minLength && lengthOf(text) < minLength)) {
    throw new ApiError(text === '' ? 'empty_string' : 'invalid_value', {
      param,
      message: `Invalid '${param}': string too short. Expected at least ${minLength} characters with this model.`,
    });
  }
  if (text.length > maxLength && lengthOf(text) > maxLength) {
    throw new ApiError('string_above_max_length', {
      param,
      message: `Invalid '${param}': string too long. Expected at most ${maxLength} characters with this model.`,
    });
  }
  return text;
}

/** JSON Schema counts code points. */
function lengthOf(text: string): number {
  return [...text].length;
}
