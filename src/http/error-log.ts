// What is logged of an error that a request ended with. The caller's own doing is not; the access log has it. The
// logger takes secrets out.
import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import type { ApiError } from '../errors/api-error.js';

const logger = new Logger('ErrorFilter');

/** Logs an error that is our doing, or that has a cause, with its cause. */
export function logError(error: ApiError, requestId: string): void {
  if (error.status < 500 && error.cause === undefined) return;
  const detail = { requestId, reason: error.reason };
  // Where nobody expected the error, its stack; else the words are enough.
  if (error.reason === 'internal_error') logger.error({ ...detail, cause: error.cause });
  else logger.warn({ ...detail, cause: messages(error.cause) });
}

/** The messages of an error and of what caused it. */
function messages(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return cause === undefined ? undefined : inspect(cause, { depth: 0 });
  const deeper = messages(cause.cause);
  return deeper === undefined ? cause.message : `${cause.message}: ${deeper}`;
}
