// Makes an answer out of anything that was thrown. Pure: the filter sends it.
import { HttpException } from '@nestjs/common';
import type { ErrorBody } from '../contracts/error-body.contract.js';
import { ApiError } from '../errors/api-error.js';
import type { ErrorName } from '../errors/catalogue.js';

/** Fastify's own errors that are the caller's doing, by their code. */
const FASTIFY: Readonly<Record<string, ErrorName>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_content_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad_http',
  FST_ERR_BAD_URL: 'bad_http',
  FST_ERR_MAX_PARAM_LENGTH: 'unknown_url',
};

/** What Nest's remaining exceptions mean, by their status. */
const STATUS: Readonly<Record<number, ErrorName>> = {
  400: 'bad_http',
  403: 'insufficient_permissions',
  404: 'unknown_url',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'request_too_large',
  414: 'unknown_url',
  415: 'unsupported_content_type',
};

/** Knows what some errors of a room below the doors mean to a caller; undefined for all others. */
export type Translator = (thrown: unknown) => ApiError | undefined;

/** The error to answer with for anything thrown. What nobody expected becomes `internal_error`. */
export function toApiError(thrown: unknown, translate: Translator = () => undefined): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const translated = translate(thrown);
  if (translated) return translated;
  const cause = thrown instanceof HttpException ? (thrown.cause ?? thrown) : thrown;
  const code = (cause as { code?: unknown } | null)?.code;
  const reason =
    (typeof code === 'string' ? FASTIFY[code] : undefined) ??
    (thrown instanceof HttpException ? STATUS[thrown.getStatus()] : undefined) ??
    'internal_error';
  return new ApiError(reason, reason === 'internal_error' ? { cause: thrown } : {});
}

/** The body of an error's answer. */
export function errorBody(error: ApiError): ErrorBody {
  const { type, code } = error.spec;
  return { error: { message: error.message, type, param: error.param, code } };
}

/** The headers of an error's answer. */
export function errorHeaders(error: ApiError): Record<string, string> {
  const { retry } = error.spec;
  return {
    ...error.headers,
    ...(retry === undefined ? {} : { 'x-should-retry': String(retry) }),
    ...(error.retryAfterMs === undefined
      ? {}
      : {
          'retry-after': String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))),
          'retry-after-ms': String(Math.max(1, Math.ceil(error.retryAfterMs))),
        }),
  };
}
