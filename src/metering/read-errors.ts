// What every reading route of this room can answer instead.
import type { ErrorName } from '../errors/catalogue.js';

/** Names for the OpenAPI document. */
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
