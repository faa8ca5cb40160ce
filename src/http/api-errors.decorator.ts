// Puts a route's errors into the OpenAPI document, from the catalogue, with an example each.
import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { ErrorBody } from '../contracts/error-body.contract.js';
import { ApiError } from '../errors/api-error.js';
import type { ErrorName } from '../errors/catalogue.js';
import { errorBody } from './error-answer.js';

/** Every route can answer these, whatever it does. */
const ALWAYS: readonly ErrorName[] = ['internal_error', 'database_unavailable'];

/** Documents the errors that a route answers with; one response a status, one example an error. */
export function ApiErrors(...reasons: ErrorName[]): MethodDecorator {
  const byStatus = Map.groupBy(
    [...reasons, ...ALWAYS].map((reason) => new ApiError(reason)),
    ({ status }) => status,
  );
  return applyDecorators(
    ...[...byStatus].map(([status, errors]) =>
      ApiResponse({
        status,
        description: errors.map(({ reason }) => `\`${reason}\``).join(', '),
        type: ErrorBody,
        examples: Object.fromEntries(
          errors.map((error) => [error.reason, { summary: error.reason, value: errorBody(error) }]),
        ),
      }),
    ),
  );
}
