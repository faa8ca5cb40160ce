// Reads the answers in which Replicate says no. Shapes: RFC 9457 problems, Replicate's own variants, proxies' HTML.
import { parseObject } from '../../config/json-object.js';
import type { ExchangeReply } from './exchange.js';
import { redacted } from './redacted.js';
import { type Problem, UpstreamFault } from './upstream-fault.js';

/** Longer waits than this are some mistake, in milliseconds. */
const MAX_RETRY_AFTER = 3_600_000;

/**
 * The fault for an answer that is not 2xx.
 *
 * @param sent the texts that it may repeat: asked for only where it has words, since they are sought in a whole body
 * @param tokenReplaced see {@link UpstreamFault.tokenReplaced}
 */
export function refusal(
  reply: ExchangeReply,
  sent: () => readonly string[] = () => [],
  tokenReplaced = false,
): UpstreamFault {
  const body = parseObject(reply.body);
  const problem = body && typeof body.detail === 'string' ? readProblem(body) : undefined;
  const retryAfterMs = readRetryAfter(reply, body, problem?.detail);
  const words = [problem?.title, problem?.detail].filter((word) => word !== undefined).join(': ');
  return new UpstreamFault('refused', {
    status: reply.status,
    message: `Replicate refused with ${reply.status}${words && ` (${redacted(words, sent())})`}`,
    tokenReplaced,
    ...(problem && { problem }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

function readProblem({ title, detail, invalid_fields }: Readonly<Record<string, unknown>>): Problem {
  const fields = Array.isArray(invalid_fields) ? (invalid_fields as unknown[]) : [];
  return {
    ...(typeof title === 'string' && { title }),
    ...(typeof detail === 'string' && { detail }),
    invalidFields: fields.flatMap((entry) => fieldOf(entry)),
  };
}

/** Go's validator names the parent as the field of a missing property, and the property in words. */
function fieldOf(entry: unknown): string[] {
  const { type, field, description } = (entry ?? {}) as Record<string, unknown>;
  if (typeof field !== 'string') return [];
  const missing =
    type === 'required' && typeof description === 'string' ? /^(\w+) is required/.exec(description) : null;
  return [missing?.[1] ? `${field}.${missing[1]}` : field];
}

/**
 * The wait that Replicate asks for: the header, else the body's number, else the words of its detail, else when
 * the rate limit starts anew.
 */
function readRetryAfter(
  { headers }: ExchangeReply,
  body: Readonly<Record<string, unknown>> | undefined,
  detail = '',
): number | undefined {
  const header = headers['retry-after'];
  const inWords = /(?:~|in )(\d{1,6})\s?s/.exec(detail)?.[1];
  const wait =
    (typeof header === 'string' ? parseRetryAfter(header) : undefined) ??
    (typeof body?.retry_after === 'number' && body.retry_after >= 0 ? body.retry_after * 1000 : undefined) ??
    (inWords === undefined ? undefined : Number(inWords) * 1000) ??
    readReset(headers);
  return wait === undefined ? undefined : Math.min(wait, MAX_RETRY_AFTER);
}

/**
 * When the rate limit starts anew, by Replicate's `ratelimit-reset`, if `ratelimit-remaining` says that nothing is
 * left of it: in milliseconds after the answer was begun.
 */
export function readReset(headers: ExchangeReply['headers']): number | undefined {
  const { 'ratelimit-remaining': remaining, 'ratelimit-reset': reset } = headers;
  if (remaining !== '0' || typeof reset !== 'string' || !/^\d{1,6}$/.test(reset)) return undefined;
  return Math.min(Number(reset) * 1000, MAX_RETRY_AFTER);
}

/** RFC 9110's Retry-After: seconds, or a date. */
function parseRetryAfter(value: string): number | undefined {
  if (/^\d{1,9}(\.\d+)?$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
