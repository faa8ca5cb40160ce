// What passes between those who fill the parts of a schema.
import type { JsonObject } from '../json.js';
import type { Sight } from './sight.js';

/** Where the filling is. */
export interface Place {
  readonly root: JsonObject;
  /** The references that led here, none of which is followed again. */
  readonly path: readonly string[];
  readonly depth: number;
  /** The words of the property's name, or of the list's that it is an element of. */
  readonly words: readonly string[];
  readonly sight: Sight;
  /** Whether free strings say where they come from, even those that are known. */
  readonly insists: boolean;
}

/** A value that fits, and whether any of it was seen. */
export interface Filled {
  readonly value: unknown;
  readonly isKnown: boolean;
}

/** Fills one part of a schema; the port that objects and lists fill their members by. */
export type Fill = (schema: unknown, place: Place) => Filled | undefined;
