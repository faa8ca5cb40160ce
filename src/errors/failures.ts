// Errors of the catalogue that are no fault of the caller's.
import type { ErrorSpec } from './error-spec.js';

const server = (status: number, code: string, message: string, retry?: boolean): ErrorSpec => ({
  status,
  type: 'server_error',
  code,
  message,
  ...(retry === undefined ? {} : { retry }),
});

/** 500 and above, by the name that code throws. */
export const failures = {
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
