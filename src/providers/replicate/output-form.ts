// What a version answers with, read from its schema: text in some form, or files.
import type { Property } from './schema.wire.js';

/** `pieces` of one text, `texts` that stand apart, or one `value`: a text, an object, a number. */
export type OutputForm = 'pieces' | 'texts' | 'value';

/** The form of the output; undefined where it is files alone. A schema that does not say is taken for text. */
export function outputFormOf(output: Property | undefined): OutputForm | undefined {
  if (!output) return 'value';
  if (isFile(output) || holdsFilesAlone(output)) return undefined;
  if (output.type !== 'array') return 'value';
  return output.concatenated ? 'pieces' : 'texts';
}

function isFile({ type, format, items }: Property): boolean {
  return type === 'array' ? items !== undefined && isFile(items) : format === 'uri';
}

function holdsFilesAlone({ properties }: Property): boolean {
  return properties !== undefined && properties.length > 0 && properties.every(isFile);
}
