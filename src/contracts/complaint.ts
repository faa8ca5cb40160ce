// What is wrong with a field, as a check finds it; the error filter makes a sentence of it.
import type { ErrorName } from '../errors/catalogue.js';

/** One broken rule: the error to answer with, and the words that its message needs. */
export interface Complaint {
  readonly reason: ErrorName;
  /** For `invalid_type` and `invalid_value`: what would have been right, with its article. */
  readonly expected?: string;
  /** For a list: which of its elements is wrong. */
  readonly at?: number;
  /** For bounds: the bound. */
  readonly bound?: number;
}

/** Looks at a field's value; undefined where nothing is wrong with it. */
export type Check = (value: unknown) => Complaint | undefined;
