import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { SkipThrottle } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../errors/api-error.js';
import type { Limits } from '../inference/limits.js';
import { twoNodes, type TwoNodes } from '../throttling/throttling.fixture.js';
import { throttlers } from '../throttling/throttling.module.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { RateLimitGuard } from './rate-limit.guard.js';

class Door {
  static readonly handlers = { ask: () => 'asked', upload: () => 'uploaded' };
}
SkipThrottle({ tokens: true })(Door, 'upload', { value: Door.handlers.upload });

let both: TwoNodes;
let guard: RateLimitGuard;
beforeAll(async () => {
  both = await twoNodes();
  const { storage } = both.nodes[0];
  guard = new RateLimitGuard(
    { throttlers: [...throttlers], storage },
    storage,
    new Reflector(),
    new Telemetry(),
  );
  await guard.onModuleInit();
});
afterAll(() => both.close());
beforeEach(() => both.clear());

/** A request through the guard. */
async function pass(
  { key = {}, tenant = {} }: { key?: Limits; tenant?: Limits },
  {
    handler = 'ask',
    body = { prompt: 'x'.repeat(40), max_tokens: 90 },
  }: { handler?: 'ask' | 'upload'; body?: unknown } = {},
) {
  const principal = { kind: 'key', accountId: 'key_a', tenantId: 'ten_a', limits: { key, tenant } };
  const request = { principal, body } as unknown as FastifyRequest;
  const headers: Record<string, string> = {};
  const reply = { headers: (set: object) => Object.assign(headers, set) };
  const context = {
    getClass: () => Door,
    getHandler: () => Door.handlers[handler],
    switchToHttp: () => ({ getRequest: () => request, getResponse: () => reply }),
  } as unknown as ExecutionContext;
  expect(await guard.canActivate(context)).toBe(true);
  return { headers, request };
}

const refusal = (limits: { key?: Limits; tenant?: Limits }, more?: Parameters<typeof pass>[1]) =>
  pass(limits, more).then(
    () => expect.unreachable('it was let through'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(ApiError);
      return error as ApiError;
    },
  );

describe('the guard', () => {
  it('counts requests and tokens of key and tenant in one statement', async () => {
    const count = vi.spyOn(both.nodes[0].windows, 'count');
    try {
      const { headers } = await pass({
        key: { requestsPerMinute: 10, tokensPerMinute: 1000 },
        tenant: { requestsPerMinute: 5, tokensPerMinute: 5000 },
      });
      expect(count.mock.calls.map(([groups]) => groups)).toEqual([
        [
          [
            { key: 'req:key_a', cost: 1, limit: 10 },
            { key: 'req:ten_a', cost: 1, limit: 5 },
            { key: 'tok:key_a', cost: 100, limit: 1000 },
            { key: 'tok:ten_a', cost: 100, limit: 5000 },
          ],
        ],
      ]);
      expect(headers).toEqual({
        'x-ratelimit-limit-requests': '5',
        'x-ratelimit-remaining-requests': '4',
        'x-ratelimit-reset-requests': expect.stringMatching(/^1m[01](\.\d+)?s$/) as string,
        'x-ratelimit-limit-tokens': '1000',
        'x-ratelimit-remaining-tokens': '900',
        'x-ratelimit-reset-tokens': expect.stringMatching(/^1m[01](\.\d+)?s$/) as string,
      });
    } finally {
      count.mockRestore();
    }
  });

  it('costs nothing, and says nothing, where there is no limit', async () => {
    const count = vi.spyOn(both.nodes[0].windows, 'count');
    try {
      const { headers, request } = await pass({
        key: { maxConcurrency: 1 },
        tenant: { monthlyBudgetNanos: 1n },
      });
      expect([headers, request.onUsage]).toEqual([{}, undefined]);
      const files = await pass({ key: { tokensPerMinute: 1 } }, { handler: 'upload' });
      expect(files.headers).toEqual({});
      expect(count).not.toHaveBeenCalled();
    } finally {
      count.mockRestore();
    }
  });

  it('refuses what a key may no longer send, and counts nothing of it', async () => {
    const limits = { key: { requestsPerMinute: 1 }, tenant: { tokensPerMinute: 1000 } };
    await pass(limits);
    const error = await refusal(limits);
    expect(error).toMatchObject({ reason: 'rate_limit_exceeded', status: 429 });
    expect(error.message).toMatch(
      /RPM\) of this key: Limit 1, Used 1, Requested 1\. Please try again in (1m)?\d+/,
    );
    expect(error.retryAfterMs).toBeGreaterThan(0);
    expect(error.retryAfterMs).toBeLessThanOrEqual(61_000);
    expect(error.headers).toMatchObject({
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-remaining-tokens': '900',
    });
  });

  it('names tokens, and the tenant', async () => {
    const limits = { tenant: { tokensPerMinute: 150 } };
    await pass(limits);
    const error = await refusal(limits);
    expect(error.reason).toBe('token_rate_limit_exceeded');
    expect(error.message).toContain('TPM) of this tenant: Limit 150, Used 100, Requested 100.');
  });

  it('says of a request that is larger than its limit that no wait helps', async () => {
    const error = await refusal({ key: { tokensPerMinute: 99 } });
    expect(error).toMatchObject({ reason: 'token_rate_limit_exceeded', retryAfterMs: undefined });
    expect(error.message).toContain('Request too large');
    expect(error.headers).toMatchObject({
      'x-should-retry': 'false',
      'x-ratelimit-remaining-tokens': '99',
      'x-ratelimit-reset-tokens': '0s',
    });
  });

  it.each([
    [{ prompt: 10, completion: 20 }, 70],
    [{ prompt: 300, completion: 20 }, -220],
    [{ prompt: 10, completion: 90 }, 0],
  ])('puts what was used in the place of the estimate: %j', async (usage, change) => {
    const limits = {
      key: { tokensPerMinute: 1000 },
      tenant: { tokensPerMinute: 2000, requestsPerMinute: 9 },
    };
    const { request } = await pass(limits);
    request.onUsage?.(usage);
    const { headers } = await pass(limits);
    expect(headers['x-ratelimit-remaining-tokens']).toBe(String(800 + change));
    expect(headers['x-ratelimit-remaining-requests']).toBe('7');
  });

  it('counts of an upload the request alone', async () => {
    const limits = { key: { requestsPerMinute: 2, tokensPerMinute: 1 } };
    const { headers, request } = await pass(limits, { handler: 'upload' });
    expect(Object.keys(headers)).toHaveLength(3);
    expect(request.onUsage).toBeUndefined();
  });

  it('lets nobody through who cannot be counted', async () => {
    const count = vi.spyOn(both.nodes[0].windows, 'count').mockRejectedValue(new Error('connection refused'));
    try {
      await expect(pass({ key: { requestsPerMinute: 5 } })).rejects.toThrow('connection refused');
    } finally {
      count.mockRestore();
    }
  });
});
