// What Replicate's failures mean to our caller. Replicate's own words go to the log, never to the caller.
import { ApiError } from '../../errors/api-error.js';
import type { ErrorName } from '../../errors/catalogue.js';
import type { Prediction } from './prediction.wire.js';
import { UpstreamFault } from './upstream-fault.js';

/** Suggested when Replicate cannot be reached and says no time itself, in milliseconds. */
const UNREACHABLE_RETRY = 5000;

/**
 * The answer to a failed exchange.
 *
 * @param toParam our caller's name for an input field of the model
 */
export function faultToApiError(fault: unknown, toParam: (field: string) => string | undefined): ApiError {
  if (fault instanceof ApiError) return fault;
  if (!(fault instanceof UpstreamFault)) return new ApiError('internal_error', { cause: fault });
  const cause = fault;
  switch (fault.kind) {
    case 'not_sent':
      return new ApiError('upstream_unavailable', { cause, retryAfterMs: UNREACHABLE_RETRY });
    case 'lost':
      return new ApiError('upstream_unknown', { cause });
    case 'timed_out':
      return new ApiError('upstream_timeout', { cause });
    case 'unreadable':
      return new ApiError('upstream_invalid_response', { cause });
    case 'aborted':
      return new ApiError('client_closed_request', { cause });
    case 'refused':
      return refusedToApiError(fault, toParam);
  }
}

function refusedToApiError(fault: UpstreamFault, toParam: (field: string) => string | undefined): ApiError {
  const cause = fault;
  switch (fault.status) {
    case 401:
    case 403:
      return new ApiError('upstream_auth', { cause });
    case 402:
      return new ApiError('upstream_billing', { cause });
    case 404:
      return new ApiError('model_not_found', { cause, param: 'model', message: MODEL_GONE });
    case 422:
      return rejectedInput(fault, toParam);
    case 429:
      return new ApiError('upstream_rate_limited', { cause, retryAfterMs: fault.retryAfterMs ?? 1000 });
    case 503:
      return fault.problem
        ? new ApiError('upstream_unavailable', {
            cause,
            retryAfterMs: fault.retryAfterMs ?? UNREACHABLE_RETRY,
          })
        : new ApiError('upstream_error', { cause });
    default:
      return new ApiError('upstream_error', { cause });
  }
}

/** What the provider holds against a tenant's own account is for somebody else to mend than for our operator. */
const OWN_ACCOUNT: Readonly<Partial<Record<ErrorName, string>>> = {
  upstream_auth:
    "Replicate refused the tenant's own API token. A good one can be set with PATCH /admin/tenants/{id}.",
  upstream_billing:
    "The tenant's own Replicate account has no credit. Another token can be set with PATCH /admin/tenants/{id}.",
};

/** The same failure, where it came of a tenant's own account. */
export function toOwnAccountError(error: unknown): unknown {
  const known = error instanceof UpstreamFault ? faultToApiError(error, () => undefined) : error;
  const message = known instanceof ApiError ? OWN_ACCOUNT[known.reason] : undefined;
  if (!(known instanceof ApiError) || message === undefined) return known;
  return new ApiError(known.reason, { message, billed: known.billed, cause: known.cause });
}

const MODEL_GONE =
  'The model is not available at its provider: its version does not exist or may not be used.';

function rejectedInput(fault: UpstreamFault, toParam: (field: string) => string | undefined): ApiError {
  if (/version/i.test(fault.problem?.title ?? '')) {
    return new ApiError('model_not_found', { cause: fault, param: 'model', message: MODEL_GONE });
  }
  const field = fault.problem?.invalidFields[0]?.replace(/^input\./, '');
  const param = field === undefined ? undefined : toParam(field);
  if (param === undefined) return new ApiError('upstream_rejected_input', { cause: fault });
  return new ApiError('upstream_rejected_input', {
    cause: fault,
    param,
    message: `The model does not accept this value of '${param}'.`,
  });
}

/** Words of failed predictions, and what they mean. Sources: Replicate's error codes and the default model's code. */
const FAILURES: readonly (readonly [RegExp, ErrorName])[] = [
  [
    /No valid images were provided|Invalid URL|No connection adapters|HTTPS?ConnectionPool|cannot identify image/i,
    'invalid_image_url',
  ],
  [/failed to (?:download|fetch)|image_ids must start from 1/i, 'invalid_image_url'],
  [/^Prediction input failed validation/, 'upstream_rejected_input'],
  [/\(code: PA\)|\bE9828\b|\bE1000\b|\bE6716\b/, 'prediction_interrupted'],
];

const IMAGE_MESSAGE =
  'The model could not load the images. Check that each address is public and answers with a JPEG, PNG, WebP or GIF.';

/**
 * The answer to a prediction that ended in any state but success.
 *
 * @param imageParam the caller's name of the images
 */
export function endToApiError(
  { id, status, error = '', loggedError }: Prediction,
  imageParam: string,
): ApiError {
  const details = { cause: new Error(`prediction ${id} ${status}: ${loggedError() ?? ''}`), billed: true };
  if (status === 'aborted') return new ApiError('prediction_timeout', { ...details, billed: false });
  if (status === 'canceled') return new ApiError('prediction_canceled', details);
  const reason = FAILURES.find(([words]) => words.test(error))?.[1] ?? 'prediction_failed';
  return reason === 'invalid_image_url'
    ? new ApiError(reason, { ...details, param: imageParam, message: IMAGE_MESSAGE })
    : new ApiError(reason, details);
}
