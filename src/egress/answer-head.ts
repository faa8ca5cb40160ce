// What the head of an answer decides: where it redirects to, or that its body may be read.
import type { Dispatcher } from 'undici';
import { EgressError } from './egress-error.js';

type Head = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>;

/** Statuses that send a GET elsewhere (RFC 9110, 15.4). */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** RFC 9110, 15.3.7: a part of the body, though nobody asked for one. */
const PARTIAL_CONTENT = 206;

/**
 * Where an answer redirects to, unchecked; undefined for one that does not redirect. Throws an {@link EgressError},
 * `refused`, for a redirect to no address, or from https to http.
 */
export function redirectTarget({ statusCode, headers }: Head, from: URL): URL | undefined {
  const { location } = headers;
  if (!REDIRECTS.has(statusCode) || location === undefined) return undefined;
  const target = typeof location === 'string' ? URL.parse(location, from) : null;
  if (!target || (from.protocol === 'https:' && target.protocol === 'http:'))
    throw new EgressError('refused');
  return target;
}

/** Throws an {@link EgressError} unless the body is wanted: a success, as it is, and of no length that is too much. */
export function checkHead({ statusCode, headers }: Head, maxBytes: number): void {
  if (statusCode < 200 || statusCode > 299 || statusCode === PARTIAL_CONTENT)
    throw new EgressError('bad_status', { status: statusCode });
  if (
    isOtherThan('identity', headers['content-encoding']) ||
    isOtherThan('chunked', headers['transfer-encoding'])
  )
    throw new EgressError('encoded');
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw new EgressError('too_large');
}

function isOtherThan(plain: string, header: string | string[] | undefined): boolean {
  return header !== undefined && String(header).toLowerCase() !== plain;
}
