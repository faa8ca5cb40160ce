// The text in a prediction's output, whatever form the model gives it.

/** Properties that models with an object for output keep their text in, most telling first. */
const TEXT_KEYS = ['text_out', 'text', 'output', 'answer', 'caption', 'response'];

/**
 * The text of an output: a text itself; the parts of a list, joined; an object's text property, or the whole
 * as JSON. Undefined where there is none, as in a prediction whose data Replicate has removed.
 */
export function outputText(output: unknown): string | undefined {
  if (output === null || output === undefined) return undefined;
  if (typeof output === 'string') return output;
  if (Array.isArray(output)) return output.map((part: unknown) => outputText(part) ?? '').join('');
  if (typeof output !== 'object') return JSON.stringify(output);
  const fields = output as Record<string, unknown>;
  const key = TEXT_KEYS.find((name) => typeof fields[name] === 'string');
  return key === undefined ? JSON.stringify(output) : (fields[key] as string);
}
