// Errors of the catalogue that refuse a request for who sends it, where, when or how often.
import type { ErrorSpec } from './error-spec.js';

/** 401 to 499, by the name that code throws. */
export const refusals = {
  missing_api_key: {
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    message:
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
  },
  invalid_api_key: {
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    message: 'Incorrect API key provided.',
  },
  key_revoked: {
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    message:
      'This API key was revoked or has expired, or its tenant was suspended or deleted, while the request was running.',
    retry: false,
  },
  insufficient_permissions: {
    status: 403,
    type: 'invalid_request_error',
    code: 'insufficient_permissions',
    message: 'This key may not be used for this operation.',
  },
  ip_not_allowed: {
    status: 403,
    type: 'invalid_request_error',
    code: 'ip_not_allowed',
    message: 'This key may not be used from this address.',
  },
  model_not_priced: {
    status: 403,
    type: 'invalid_request_error',
    code: 'model_not_priced',
    message:
      'This model has no price here, so that no budget can be held for it. The operator can set one in CEREBRO_MODELS_FILE.',
  },
  unknown_url: {
    status: 404,
    type: 'invalid_request_error',
    code: 'unknown_url',
    message: 'Unknown request URL.',
  },
  model_not_found: {
    status: 404,
    type: 'invalid_request_error',
    code: 'model_not_found',
    message: 'The model does not exist or you do not have access to it.',
  },
  not_found: {
    status: 404,
    type: 'invalid_request_error',
    code: 'not_found',
    message: 'No such object.',
  },
  method_not_allowed: {
    status: 405,
    type: 'invalid_request_error',
    code: 'method_not_allowed',
    message: 'This method is not allowed here.',
  },
  idempotency_in_progress: {
    status: 409,
    type: 'invalid_request_error',
    code: 'idempotency_in_progress',
    message: 'A request with this Idempotency-Key is still running. Its answer will be kept: try again.',
    retry: true,
  },
  already_rotated: {
    status: 409,
    type: 'invalid_request_error',
    code: 'already_rotated',
    message: 'This key has been replaced already: rotate the key that has replaced it.',
  },
  encryption_not_configured: {
    status: 409,
    type: 'invalid_request_error',
    code: 'encryption_not_configured',
    message: 'Secrets cannot be stored here. The operator can set CEREBRO_ENCRYPTION_KEYS.',
  },
  idempotency_mismatch: {
    status: 422,
    type: 'invalid_request_error',
    code: 'idempotency_mismatch',
    message: 'This Idempotency-Key was used for another request.',
  },
  webhook_refused: {
    status: 401,
    type: 'invalid_request_error',
    code: 'webhook_refused',
    message: 'This webhook is not signed as it should be.',
  },
  request_timeout: {
    status: 408,
    type: 'invalid_request_error',
    code: 'request_timeout',
    message: 'The request did not arrive in time.',
  },
  request_too_large: {
    status: 413,
    type: 'invalid_request_error',
    code: 'request_too_large',
    message: 'The request body is too large.',
  },
  unsupported_content_type: {
    status: 415,
    type: 'invalid_request_error',
    code: 'unsupported_content_type',
    message: 'Unsupported content type: send application/json.',
  },
  expectation_failed: {
    status: 417,
    type: 'invalid_request_error',
    code: 'expectation_failed',
    message: 'Only "Expect: 100-continue" is understood.',
  },
  headers_too_large: {
    status: 431,
    type: 'invalid_request_error',
    code: 'headers_too_large',
    message: 'The request headers are too large.',
  },
  client_closed_request: {
    status: 499,
    type: 'invalid_request_error',
    code: 'client_closed_request',
    message: 'The caller closed the connection before the answer.',
  },
  rate_limit_exceeded: {
    status: 429,
    type: 'requests',
    code: 'rate_limit_exceeded',
    message: 'Rate limit reached for requests per minute.',
  },
  token_rate_limit_exceeded: {
    status: 429,
    type: 'tokens',
    code: 'rate_limit_exceeded',
    message: 'Rate limit reached for tokens per minute.',
  },
  concurrency_limit_exceeded: {
    status: 429,
    type: 'requests',
    code: 'rate_limit_exceeded',
    message: 'Too many requests are running at the same time. Try again when one of them has been answered.',
  },
  too_many_failures: {
    status: 429,
    type: 'requests',
    code: 'rate_limit_exceeded',
    message: 'Too many requests with a wrong API key came from this address. Please try again later.',
  },
  // OpenAI's clients repeat every 429, also this one, unless they are told not to.
  insufficient_quota: {
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message: 'You exceeded your current quota, please check your plan and billing details.',
    retry: false,
  },
  upstream_rate_limited: {
    status: 429,
    type: 'requests',
    code: 'rate_limit_exceeded',
    message: 'The model provider is limiting our request rate. Please try again later.',
  },
} as const satisfies Record<string, ErrorSpec>;
