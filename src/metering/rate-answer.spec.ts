import { describe, expect, it } from 'vitest';
import { errorBody, errorHeaders } from '../http/error-answer.js';
import type { Count } from '../throttling/hits.js';
import { duration, rateError, rateHeaders } from './rate-answer.js';
import type { RateCount } from './rate-counters.js';

function counted(
  unit: 'requests' | 'tokens',
  scope: 'key' | 'tenant',
  count: Partial<Count> & { limit: number; used: number },
): RateCount {
  const hit = { key: `${unit}:${scope}`, cost: 1, limit: count.limit };
  const remaining = Math.max(0, count.limit - count.used);
  return { unit, scope, hit, count: { ...hit, remaining, fitsInMs: 0, resetMs: 0, second: 0, ...count } };
}

describe("OpenAI's durations", () => {
  it.each([
    [0, '0s'],
    [-5, '0s'],
    [0.2, '1ms'],
    [6, '6ms'],
    [999, '999ms'],
    [1000, '1s'],
    [8640, '8.64s'],
    [20_000, '20s'],
    [60_000, '1m0s'],
    [60_500, '1m0.5s'],
    [360_000, '6m0s'],
    [3_600_000, '1h0m0s'],
    [86_116_126, '23h55m16.126s'],
  ])('%d ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe('the headers', () => {
  it('are of the limit with less left', () => {
    const headers = rateHeaders([
      counted('requests', 'key', { limit: 100, used: 60, resetMs: 60_120 }),
      counted('requests', 'tenant', { limit: 50, used: 5, resetMs: 120 }),
      counted('tokens', 'tenant', { limit: 200_000, used: 779, resetMs: 233 }),
    ]);
    expect(headers).toEqual({
      'x-ratelimit-limit-requests': '100',
      'x-ratelimit-remaining-requests': '40',
      'x-ratelimit-reset-requests': '1m0.12s',
      'x-ratelimit-limit-tokens': '200000',
      'x-ratelimit-remaining-tokens': '199221',
      'x-ratelimit-reset-tokens': '233ms',
    });
  });

  it('are none where nothing is limited', () => {
    expect(rateHeaders([])).toEqual({});
  });
});

describe('the refusal', () => {
  it('says which limit, how much of it, and until when, as OpenAI does', () => {
    const error = rateError(counted('requests', 'key', { limit: 3, used: 3, fitsInMs: 19_050 }), {
      'x-a': 'b',
    });
    expect(error.status).toBe(429);
    expect(errorBody(error).error).toEqual({
      message:
        'Rate limit reached for requests per minute (RPM) of this key: Limit 3, Used 3, Requested 1. Please try again in 19.05s.',
      type: 'requests',
      param: null,
      code: 'rate_limit_exceeded',
    });
    expect(errorHeaders(error)).toEqual({ 'x-a': 'b', 'retry-after': '20', 'retry-after-ms': '19050' });
  });

  it('of tokens is of their type', () => {
    const error = rateError(
      counted('tokens', 'tenant', { limit: 900, used: 800, cost: 200, fitsInMs: 500 }),
      {},
    );
    expect(errorBody(error).error).toMatchObject({
      message:
        'Rate limit reached for tokens per minute (TPM) of this tenant: Limit 900, Used 800, Requested 200. Please try again in 500ms.',
      type: 'tokens',
      code: 'rate_limit_exceeded',
    });
  });

  it('of what is larger than its limit says that no wait helps', () => {
    const large = rateError(
      counted('tokens', 'key', { limit: 9, used: 0, cost: 99, fitsInMs: undefined }),
      {},
    );
    expect(large.message).toMatch(
      /^Request too large for tokens per minute \(TPM\) of this key: Limit 9, Requested 99/,
    );
    expect(errorHeaders(large)).toEqual({ 'x-should-retry': 'false' });
    const none = rateError(counted('requests', 'tenant', { limit: 0, used: 0, fitsInMs: undefined }), {});
    expect(none.message).toMatch(/^No requests are allowed: .* of this tenant: Limit 0/);
    expect(errorHeaders(none)).toEqual({ 'x-should-retry': 'false' });
  });
});
