// Gives a text the shape of a model's output: one string, a growing list of words, a list, an object, a file,
// nothing.
import type { OutputSchema } from '../models/published-model.js';

/** The output that a model with this schema gives for a text. */
export function shapedOutput(text: string, schema: OutputSchema): unknown {
  if (schema.nullable) return null;
  if (schema.format === 'uri') return OUTPUT_FILE;
  if (schema.type === 'string') return text;
  if (schema.type === 'object') return { [schema.required?.[0] ?? 'text']: text };
  return schema['x-cog-array-type'] === 'iterator' ? words(text) : [text];
}

/** The text of an output, whatever its shape. */
export function outputText(output: unknown): string {
  if (typeof output === 'string') return output;
  return Array.isArray(output) ? output.map(outputText).join('') : JSON.stringify(output ?? '');
}

/** Where the file of a model that makes files would be; the sandbox makes none. */
const OUTPUT_FILE = 'https://replicate.delivery/sandbox/output.png';

/** Words with the white space that follows them, long ones in pieces; joined, they are the text. */
function words(text: string): string[] {
  return text.match(/^\s+|\S{1,16}\s*/gu) ?? [];
}
