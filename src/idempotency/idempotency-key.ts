// The `Idempotency-Key` of a request.
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../errors/api-error.js';

/** Visible ASCII, so that it is the same text wherever it is shown; two headers, which Node joins, are not. */
const FORM = /^[\x21-\x7e]{1,255}$/;

/**
 * The request's key; undefined where it has none.
 *
 * @throws {ApiError} `invalid_value` for a header that is no key
 */
export function idempotencyKey(headers: IncomingHttpHeaders): string | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined || (typeof header === 'string' && FORM.test(header))) return header;
  throw new ApiError('invalid_value', {
    param: 'Idempotency-Key',
    message: "Invalid value for 'Idempotency-Key': expected 1 to 255 visible ASCII characters.",
  });
}

/** Whether OpenAI's client says that it repeats a request of its own, of which it will not read another answer. */
export function isRepetition(headers: IncomingHttpHeaders): boolean {
  return /^[1-9]\d{0,2}$/.test(String(headers['x-stainless-retry-count']));
}
