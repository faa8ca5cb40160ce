// Puts a route's errors into the OpenAPI document, from the catalogue, with an example each.
import { applyDecorators } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { ApiResponse } from '@nestjs/swagger';
import { ErrorBody } from '../contracts/error-body.contract.js';
import { ApiError } from '../errors/api-error.js';
import type { ErrorName } from '../errors/catalogue.js';
import { errorBody } from './error-answer.js';

/** Every route can answer these, whatever it does. */
const ALWAYS: readonly ErrorName[] = ['internal_error', 'database_unavailable'];

/** Every route that takes a body can answer these. */
const WITH_BODY: readonly ErrorName[] = ['request_too_large', 'unsupported_content_type'];

/** Whoever can be told that a key is wrong can be told that too many were. */
function withImplied(reasons: readonly ErrorName[]): ErrorName[] {
  return reasons.includes('invalid_api_key') ? [...reasons, 'too_many_failures'] : [...reasons];
}

/**
 * Documents the errors that a route answers with; one response a status, one example an error. Those that every route
 * has, or every route with a `@Body()`, need not be named.
 */
export function ApiErrors(...reasons: ErrorName[]): MethodDecorator {
  return (target, method, descriptor) => {
    const ofBody = takesBody(target.constructor, method) ? WITH_BODY : [];
    documented(new Set([...withImplied(reasons), ...ofBody, ...ALWAYS]))(target, method, descriptor);
  };
}

/** Nest's note of a route's parameters has a key such as `3:0` for each: its kind and its place. */
function takesBody(controller: object, method: string | symbol): boolean {
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) ?? {}) as object;
  return Object.keys(parameters).some((key) => key.startsWith(`${RouteParamtypes.BODY}:`));
}

function documented(reasons: ReadonlySet<ErrorName>): MethodDecorator {
  const byStatus = Map.groupBy(
    [...reasons].map((reason) => new ApiError(reason)),
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
