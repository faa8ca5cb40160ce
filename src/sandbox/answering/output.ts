// Gives a text the shape of a model's output: one string, a growing list of words, a list, an object.
import type { OutputSchema } from '../models/published-model.js';

/** The output that a model with this schema gives for a text. */
export function shapedOutput(text: string, schema: OutputSchema): unknown {
  if (schema.type === 'string') return text;
  if (schema.type === 'object') return { [schema.required?.[0] ?? 'text']: text };
  return schema['x-cog-array-type'] === 'iterator' ? words(text) : [text];
}

/** Words with the white space that follows them; joined, they are the text. */
function words(text: string): string[] {
  return text.match(/^\s+|\S+\s*/g) ?? [];
}
