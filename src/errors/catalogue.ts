// Every error that Cerebro answers with, in one table. What a caller may do about each is in docs/errors.md,
// which a test holds against this table. Shapes and codes follow OpenAI's, so that its clients react rightly.

/** OpenAI's `error.type`. */
export type ErrorType =
  'invalid_request_error' | 'requests' | 'tokens' | 'insufficient_quota' | 'server_error';

/** One row of the catalogue. */
export interface ErrorSpec {
  /** HTTP status. */
  readonly status: number;
  readonly type: ErrorType;
  /** `error.code` on the wire. */
  readonly code: string | null;
  /** What the caller reads when the place that throws has nothing more exact to say. */
  readonly message: string;
  /**
   * `x-should-retry`, which OpenAI's clients obey over their own rules. Said where those rules would be
   * wrong: they repeat every 5xx, also one after which a prediction may be running and billed.
   */
  readonly retry?: boolean;
}

const badRequest = (code: string | null, message: string): ErrorSpec => ({
  status: 400,
  type: 'invalid_request_error',
  code,
  message,
});

const server = (status: number, code: string, message: string, retry?: boolean): ErrorSpec => ({
  status,
  type: 'server_error',
  code,
  message,
  ...(retry === undefined ? {} : { retry }),
});

/** The catalogue, by the name that code throws. */
export const catalogue = {
  invalid_json: badRequest(
    null,
    'We could not parse the JSON body of your request. (HINT: The API expects a JSON payload, but what was sent was not valid JSON.)',
  ),
  bad_http: badRequest('bad_http', 'The HTTP request could not be parsed.'),
  missing_required_parameter: badRequest('missing_required_parameter', 'A required parameter is missing.'),
  unknown_parameter: badRequest('unknown_parameter', 'Unknown parameter.'),
  unsupported_value: badRequest('unsupported_value', 'This value is not supported with this model.'),
  invalid_type: badRequest('invalid_type', 'A parameter has the wrong type.'),
  invalid_value: badRequest('invalid_value', 'A parameter has an invalid value.'),
  integer_below_min_value: badRequest('integer_below_min_value', 'An integer is below its minimum.'),
  integer_above_max_value: badRequest('integer_above_max_value', 'An integer is above its maximum.'),
  decimal_below_min_value: badRequest('decimal_below_min_value', 'A number is below its minimum.'),
  decimal_above_max_value: badRequest('decimal_above_max_value', 'A number is above its maximum.'),
  empty_string: badRequest('empty_string', 'A text is empty.'),
  string_above_max_length: badRequest('string_above_max_length', 'A text is too long.'),
  empty_array: badRequest('empty_array', 'A list is empty.'),
  array_above_max_length: badRequest('array_above_max_length', 'A list is too long.'),
  invalid_json_schema: badRequest('invalid_json_schema', 'This JSON Schema cannot be used.'),
  // A 400, though it is no fault of the caller's: other clients than OpenAI's repeat every 5xx, and would pay again.
  structured_output_failed: {
    ...badRequest('structured_output_failed', 'The model did not give the JSON that was asked for.'),
    retry: false,
  },
  structured_output_truncated: badRequest(
    'structured_output_truncated',
    'The answer reached its token limit before its JSON was complete.',
  ),
  invalid_image_url: badRequest('invalid_image_url', 'An image cannot be used.'),
  unsupported_parameter: badRequest(
    'unsupported_parameter',
    'This parameter is not supported with this model.',
  ),
  invalid_image: badRequest('invalid_image', 'An image cannot be used.'),
  image_too_large: badRequest('image_too_large', 'An image is too large.'),
  public_url_required: badRequest(
    'public_url_required',
    'This model fetches its images from the gateway, which has no public address. Its operator can set CEREBRO_PUBLIC_URL.',
  ),
  upstream_rejected_input: badRequest('upstream_rejected_input', 'The model does not accept this input.'),
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
    message: 'This API key was revoked, or its tenant suspended, while the request was running.',
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
  internal_error: server(
    500,
    'internal_error',
    'The server had an error while processing your request. Sorry about that!',
    false,
  ),
  upstream_auth: server(
    502,
    'upstream_auth',
    "The model provider refused the gateway's own credentials. This is for the gateway's operator to mend.",
    false,
  ),
  upstream_error: server(502, 'upstream_error', 'The model provider answered with an error.', false),
  upstream_unknown: server(
    502,
    'upstream_unknown',
    'The connection to the model provider was lost after the request had been sent. It may have been accepted and billed, so it was not sent again.',
    false,
  ),
  upstream_invalid_response: server(
    502,
    'upstream_invalid_response',
    'The model provider gave an answer that could not be understood.',
    false,
  ),
  prediction_failed: server(502, 'prediction_failed', 'The model failed on this request.', false),
  prediction_canceled: server(
    502,
    'prediction_canceled',
    'The prediction was canceled at the model provider before it finished.',
    false,
  ),
  upstream_billing: server(
    503,
    'upstream_billing',
    "The gateway's account at the model provider has no credit. This is for the gateway's operator to mend.",
    false,
  ),
  upstream_unavailable: server(
    503,
    'upstream_unavailable',
    'The model provider cannot be reached, or takes no requests. Nothing was accepted, so it is safe to try again.',
    true,
  ),
  model_overloaded: server(
    503,
    'model_overloaded',
    'The model has failed too often just now, or is asked for too much. Nothing was accepted: try again in a while.',
    true,
  ),
  prediction_interrupted: server(
    503,
    'prediction_interrupted',
    'The model provider interrupted the prediction. Please try again.',
    true,
  ),
  database_unavailable: server(
    503,
    'database_unavailable',
    'The gateway cannot reach its database. Please try again.',
    true,
  ),
  shutting_down: server(
    503,
    'shutting_down',
    'The gateway is shutting down. Please try again on another connection.',
    true,
  ),
  upstream_timeout: server(
    504,
    'upstream_timeout',
    'The model provider did not answer in time. The request may have been accepted and billed, so it was not sent again.',
    false,
  ),
  prediction_timeout: server(
    504,
    'prediction_timeout',
    'The prediction did not finish in time and was canceled.',
    false,
  ),
} as const satisfies Record<string, ErrorSpec>;

/** A name in the catalogue. */
export type ErrorName = keyof typeof catalogue;
