// Models and requests for tests of inputs.
import { ApiError } from '../../errors/api-error.js';
import type { Part, Turn } from '../../inference/conversation.js';
import type { InferenceRequest } from '../../inference/inference.js';
import { planInput } from './input.js';
import { type ModelInterface, readModelInterface } from './model-interface.js';

/** An `openapi_schema` with these inputs, which come in this order. */
export function schemaOf(
  properties: Record<string, object>,
  required: readonly string[] = [],
  more: Record<string, unknown> = {},
): { components: { schemas: Record<string, unknown> } } {
  const Input = { type: 'object', title: 'Input', required, properties };
  return { components: { schemas: { Input, Output: { type: 'string' }, ...more } } };
}

/** The interface of a model with these inputs. */
export function modelOf(
  properties: Record<string, object>,
  required: readonly string[] = [],
): ModelInterface {
  const reading = readModelInterface(schemaOf(properties, required));
  if (!reading || 'uncallable' in reading) throw new Error(JSON.stringify(reading));
  return reading.model;
}

/** A request with a question alone, and what a test adds. */
export function requestOf(more: Partial<InferenceRequest> = {}): InferenceRequest {
  return { model: { id: 'm', upstream: 'o/m' }, prompt: 'Describe.', imageCount: 0, ...more };
}

/** The error that a request to a model gets. */
export function refusalOf(more: Partial<InferenceRequest>, model: ModelInterface): ApiError {
  try {
    planInput(requestOf(more), model);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('the request was accepted');
}

/** A JSON string input, the commonest. */
export const TEXT = { type: 'string' } as const;

/** An input that holds a file. */
export const FILE = { type: 'string', format: 'uri' } as const;

/** A turn of the user's: texts, and images by their positions. */
export function user(...parts: readonly (string | number)[]): Turn {
  return { role: 'user', parts: parts.map(toPart) };
}

/** A turn of the model's. */
export function assistant(text: string): Turn {
  return { role: 'assistant', parts: [{ text }] };
}

function toPart(part: string | number): Part {
  return typeof part === 'string' ? { text: part } : { image: part };
}
