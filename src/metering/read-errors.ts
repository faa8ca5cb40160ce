// What the reading routes of this room can answer instead, by names for the OpenAPI document.
import type { ErrorName } from '../errors/catalogue.js';

/** What a route can answer that reads one object by its id. */
export const FIND_ERRORS = [
  'missing_api_key',
  'invalid_api_key',
  'insufficient_permissions',
  'not_found',
] as const satisfies readonly ErrorName[];

/** What a route can answer that takes a query. */
export const READ_ERRORS = [
  'unknown_parameter',
  'invalid_type',
  'invalid_value',
  'empty_string',
  'integer_below_min_value',
  'integer_above_max_value',
  'missing_api_key',
  'invalid_api_key',
  'insufficient_permissions',
] as const satisfies readonly ErrorName[];
