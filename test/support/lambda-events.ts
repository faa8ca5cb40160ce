// Requests as AWS hands them to a Lambda function: the events in test/fixtures/aws, filled in.
import { readFileSync } from 'node:fs';

/** Where an event comes from. */
export type FrontDoor = 'function-url' | 'http-api';

/** A request. */
export interface Requested {
  readonly method?: string;
  readonly path: string;
  /** Without a question mark. */
  readonly query?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  /** Sent as JSON; a text as it is; bytes come in base64, as AWS sends what it does not know to be a text. */
  readonly body?: object | string | Uint8Array;
}

/** The event that a request becomes. */
export function proxyEvent(door: FrontDoor, requested: Requested): object {
  const { method = 'GET', path, query = '', key, headers, cookies, body } = requested;
  const file = new URL(`../fixtures/aws/${door}.json`, import.meta.url);
  const event = JSON.parse(readFileSync(file, 'utf8')) as {
    headers: Record<string, string>;
    requestContext: { http: object };
  };
  const isBytes = body instanceof Uint8Array;
  const text = typeof body === 'object' && !isBytes ? JSON.stringify(body) : body;
  return {
    ...event,
    rawPath: path,
    rawQueryString: query,
    ...(query !== '' && { queryStringParameters: Object.fromEntries(new URLSearchParams(query)) }),
    ...(cookies && { cookies }),
    headers: {
      ...event.headers,
      ...(text !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(text !== undefined && { 'content-length': String(Buffer.byteLength(text)) }),
      ...headers,
    },
    requestContext: {
      ...event.requestContext,
      http: { ...event.requestContext.http, method, path },
    },
    ...(text !== undefined && {
      body: isBytes ? Buffer.from(body).toString('base64') : text,
      isBase64Encoded: isBytes,
    }),
  };
}
