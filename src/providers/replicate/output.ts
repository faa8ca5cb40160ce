// The text in a prediction's output, whatever form the model gives it.
import type { ModelInterface } from './model-interface.js';

/** Properties that models with an object for output keep their text in, most telling first. */
const TEXT_KEYS = [
  'text_out',
  'text',
  'output',
  'answer',
  'caption',
  'response',
  'generated_text',
  'completion',
  'result',
  'content',
  'message',
  'description',
];

/** Lists in lists deeper than this are no text. */
const MAX_DEPTH = 8;

/**
 * The text of an output: a text itself; the pieces of one joined, or several on a line each; an object's text
 * property, or the whole as JSON. Undefined where there is none, as in a prediction whose data Replicate has
 * removed.
 *
 * @param model what the version's schema says of its output; a list of an unknown model is taken for the
 *   pieces of one text
 */
export function outputText(output: unknown, model?: Pick<ModelInterface, 'output'>): string | undefined {
  return textOf(output, model === undefined || model.output === 'pieces', 0);
}

function textOf(output: unknown, joined: boolean, depth: number): string | undefined {
  if (output === null || output === undefined) return undefined;
  if (typeof output === 'string') return output;
  if (Array.isArray(output) && depth < MAX_DEPTH) {
    const parts = output.flatMap((part: unknown) => textOf(part, joined, depth + 1) ?? []);
    const arePieces = joined && output.every((part) => typeof part === 'string' || part === null);
    return parts.join(arePieces ? '' : '\n');
  }
  if (typeof output !== 'object' || Array.isArray(output)) return toJson(output);
  const fields = output as Record<string, unknown>;
  const key = TEXT_KEYS.find((name) => Object.hasOwn(fields, name) && isText(fields[name]));
  return key === undefined ? toJson(output) : textOf(fields[key], joined, depth + 1);
}

function isText(value: unknown): boolean {
  if (typeof value === 'string') return true;
  return Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string');
}

/** JSON nested too deep for its writer is no answer. */
function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
