// Where a page begins: what may stand in `after`.
import { ApiError } from '../errors/api-error.js';
import { type IdPrefix, isId } from './identifier.js';

/** The error for an `after` that is no id of the list. Another tenant's and an unknown one are told alike. */
export function unknownCursor(): ApiError {
  return new ApiError('invalid_value', {
    param: 'after',
    message: "Invalid value for 'after': expected the id of an object of this list.",
  });
}

/**
 * An `after` of a list whose objects are deleted while callers read it page by page: an id marks a place in the order
 * of creation, whether its object is still there or not.
 *
 * @throws {ApiError} `invalid_value` for what is no id of this kind
 */
export function placeAfter(prefix: IdPrefix, after: string | null | undefined): string | undefined {
  if (after === null || after === undefined) return undefined;
  if (!isId(prefix, after)) throw unknownCursor();
  return after;
}
