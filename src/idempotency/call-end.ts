// What becomes of an Idempotency-Key when its call has ended. Pure.
import { StreamableFile } from '@nestjs/common';
import { errorBody } from '../http/error-answer.js';
import type { ApiError } from '../errors/api-error.js';
import type { ErrorName } from '../errors/catalogue.js';

/** An answer as it is kept. */
export interface StoredAnswer {
  readonly status: number;
  /** JSON, to the letter. */
  readonly text: string;
}

/**
 * - an answer: kept, and given to whoever asks again.
 * - `free`: nothing came of the call, and the key can be used anew.
 * - `hand over`: something may still run; who asks the same again goes on with it.
 */
export type CallEnd = StoredAnswer | 'free' | 'hand over';

/** The call ends, and what it has begun may go on: not an end that anybody should be told again. */
const UNFINISHED: readonly ErrorName[] = [
  'client_closed_request',
  'shutting_down',
  'database_unavailable',
  'upstream_error',
  'upstream_timeout',
  'upstream_unknown',
];

/** Nothing was accepted or is left, though the client should not try again by itself: somebody has to act first. */
const FOR_NOTHING: readonly ErrorName[] = [
  'upstream_auth',
  'upstream_billing',
  'insufficient_quota',
  'key_revoked',
];

/** The end of a call that was answered. A stream cannot be told again, but it can be asked for again. */
export function endOfAnswer(status: number, body: unknown): CallEnd {
  return isPlain(body) ? { status, text: JSON.stringify(body) } : 'hand over';
}

/** The end of a call that failed. What may have been billed is not done again under the same key. */
export function endOfError(error: ApiError): CallEnd {
  if (UNFINISHED.includes(error.reason)) return 'hand over';
  const isFinal = error.billed ? error.spec.retry !== true : error.spec.retry === false;
  if (!isFinal || (!error.billed && FOR_NOTHING.includes(error.reason))) return 'free';
  return { status: error.status, text: JSON.stringify(errorBody(error)) };
}

function isPlain(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || body instanceof StreamableFile) return false;
  return !(Symbol.asyncIterator in body || Object.prototype.toString.call(body) === '[object Response]');
}
