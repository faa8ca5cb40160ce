// What callers are told of their limits, in OpenAI's words and headers. Pure.
import { ApiError } from '../errors/api-error.js';
import type { RateCount, RateUnit } from './rate-counters.js';

const UNITS = ['requests', 'tokens'] as const;

const NAMES: Readonly<Record<RateUnit, string>> = {
  requests: 'requests per minute (RPM)',
  tokens: 'tokens per minute (TPM)',
};

const REASONS = { requests: 'rate_limit_exceeded', tokens: 'token_rate_limit_exceeded' } as const;

/** The `x-ratelimit-*` headers: of the key's limit and the tenant's the one with less left. */
export function rateHeaders(counts: readonly RateCount[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const unit of UNITS) {
    const [first, ...others] = counts.filter((it) => it.unit === unit).map(({ count }) => count);
    if (!first) continue;
    const tightest = others.reduce((least, it) => (it.remaining < least.remaining ? it : least), first);
    headers[`x-ratelimit-limit-${unit}`] = String(tightest.limit);
    headers[`x-ratelimit-remaining-${unit}`] = String(tightest.remaining);
    headers[`x-ratelimit-reset-${unit}`] = duration(tightest.resetMs);
  }
  return headers;
}

/** The error that refuses a call. One that no wait helps says so, or clients would repeat it. */
export function rateError(
  { unit, scope, count }: RateCount,
  headers: Readonly<Record<string, string>>,
): ApiError {
  const { limit, used, cost, fitsInMs } = count;
  const what = `${NAMES[unit]} of this ${scope}: Limit ${limit}`;
  if (fitsInMs === undefined) {
    const tooLarge = `Request too large for ${what}, Requested ${cost}. The input or output tokens must be reduced in order to run successfully.`;
    return new ApiError(REASONS[unit], {
      message: unit === 'tokens' ? tooLarge : `No requests are allowed: ${what}, Requested ${cost}.`,
      headers: { ...headers, 'x-should-retry': 'false' },
    });
  }
  return new ApiError(REASONS[unit], {
    message: `Rate limit reached for ${what}, Used ${used}, Requested ${cost}. Please try again in ${duration(fitsInMs)}.`,
    retryAfterMs: fitsInMs,
    headers: { ...headers },
  });
}

/**
 * Milliseconds as OpenAI writes them, which is Go's way: `0s`, `120ms`, `8.64s`, `6m0s`.
 *
 * @see https://pkg.go.dev/time#Duration.String
 */
export function duration(milliseconds: number): string {
  const ms = Math.max(0, Math.ceil(milliseconds));
  if (ms > 0 && ms < 1000) return `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = `${(ms % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
