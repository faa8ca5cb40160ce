// What is wrong with a field, as a check finds it; http/validation-error.ts makes a sentence of it.
import type { ErrorName } from '../errors/catalogue.js';

/** One broken rule: the error to answer with, and the words that its message needs. */
export interface Complaint {
  readonly reason: ErrorName;
  /** For `invalid_type` and `invalid_value`: what would have been right, with its article. */
  readonly expected?: string;
  /** For `invalid_value`: the texts of which one would have been right. */
  readonly supported?: readonly string[];
  /** For bounds: the bound. */
  readonly bound?: number;
  /** A sentence more, on what to do instead. */
  readonly hint?: string;
  /** Where below the field, such as `[0].content[1].type`; absent: the field itself. */
  readonly path?: string;
  /** What stands at `path`. */
  readonly value?: unknown;
}

/** Looks at a field's value; undefined where nothing is wrong with it. */
export type Check = (value: unknown) => Complaint | undefined;

/** Most characters of a caller's name or value that a message repeats. */
const MAX_SHOWN = 100;

/**
 * A complaint about a part of a value, as one about the whole.
 *
 * @param step from the whole to the part: `[0]` or `.name`
 * @param part what the complaint was made about
 */
export function below(step: string, part: unknown, complaint: Complaint): Complaint {
  return complaint.path === undefined
    ? { ...complaint, path: step, value: part }
    : { ...complaint, path: step + complaint.path };
}

/** The step from an object to its field; names that callers make up are cut. */
export function toField(name: string): string {
  return `.${shorten(name)}`;
}

/** The beginning of a text that a caller has made up, for messages. */
export function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** Texts in quotes as OpenAI's messages list them: 'a', 'b', and 'c'. */
export function listed(values: readonly string[]): string {
  const quoted = values.map((value) => `'${value}'`);
  const last = quoted.pop() ?? 'nothing';
  if (quoted.length < 2) return [...quoted, last].join(' and ');
  return `${quoted.join(', ')}, and ${last}`;
}
