// The id that a request carries through logs and answers.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Sent with every answer; callers quote it when they ask for help. */
export const REQUEST_ID_HEADER = 'x-request-id';

/** What a caller's own id may look like: nothing that could break a log line or a header. */
const ACCEPTABLE = /^[A-Za-z0-9._:-]{1,128}$/;

/** The caller's own request id where it is harmless, else a new one in OpenAI's form, `req_` and 32 hex digits. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const own = headers[REQUEST_ID_HEADER];
  if (typeof own === 'string' && ACCEPTABLE.test(own)) return own;
  return `req_${randomUUID().replaceAll('-', '')}`;
}
