// What LangChain's `@langchain/openai` does by itself when something is wrong: errors, retries, timeouts.
import type { APIError } from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  PHI,
  refusal,
  settleAndStartAnew,
  startClientsGateway,
  startFullGateway,
  untilAccepted,
  untilCancelled,
} from '../support/clients.js';
import type { TestGateway } from '../support/gateway.js';
import { asking, chatOf } from '../support/langchain.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startClientsGateway();
});
afterAll(() => gateway.close());
afterEach(() => settleAndStartAnew(gateway));

describe("what LangChain's client does when something is wrong", () => {
  it.each([
    [
      400,
      { code: 'decimal_above_max_value', param: 'temperature' },
      () => chatOf(gateway, PHI, { temperature: 3 }),
    ],
    [
      401,
      { code: 'invalid_api_key', lc_error_code: 'MODEL_AUTHENTICATION' },
      () => chatOf(gateway, PHI, { apiKey: 'sk-wrong' }),
    ],
    [
      404,
      { code: 'model_not_found', lc_error_code: 'MODEL_NOT_FOUND' },
      () => chatOf(gateway, 'gpt-4o-unknown'),
    ],
  ])('raises %i, once, with its code', async (status, expected, model) => {
    expect(await refusal(model().invoke(asking()))).toMatchObject({ status, ...expected });
  });

  it('pays once for what Replicate takes at last', async () => {
    gateway.sandbox.script({ status: 503, html: false, times: 3 });
    expect((await chatOf(gateway, PHI).invoke(asking())).content).toBe('A red bicycle.');
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('tells how long to wait for a Replicate that is full', async () => {
    const full = await startFullGateway();
    try {
      const error = await refusal(chatOf(full, PHI).invoke(asking()));
      expect(error).toMatchObject({
        ...{ status: 429, code: 'rate_limit_exceeded', lc_error_code: 'MODEL_RATE_LIMIT' },
        ...{ rateLimitType: 'capacity', rateLimitReason: 'retry_after_too_large' },
      });
      expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(60_000);
      expect(full.sandbox.bill.creates).toBe(0);
    } finally {
      await full.close();
    }
  });

  // It knows nothing of `x-should-retry`, and by default repeats every 5xx six times: each is a call of its own.
  it.each([
    ['as often as it asks', { maxRetries: 1 }, {}, 2],
    ['once where it is told not to repeat', { maxRetries: 0 }, {}, 1],
    ['once under an idempotency key', { maxRetries: 1 }, { headers: { 'Idempotency-Key': 'claim-1' } }, 1],
  ])('pays for a model that failed %s', async (_, fields, options, creates) => {
    gateway.sandbox.script({ fail: 'CUDA out of memory', times: 10 });
    const error = await refusal(chatOf(gateway, PHI, fields).invoke(asking(), { options }));
    expect(error).toMatchObject({ status: 502, code: 'prediction_failed' });
    expect((error as APIError).headers?.get('x-should-retry')).toBe('false');
    expect(gateway.sandbox.bill.creates).toBe(creates);
  });

  it('asks anew after its own timeout, and what it left is cancelled', async () => {
    gateway.sandbox.script({ hang: true });
    const answer = await chatOf(gateway, PHI, { timeout: 1500, maxRetries: 1 }).invoke(asking());
    expect(answer.content).toBe('A red bicycle.');
    await untilCancelled(gateway);
    expect(gateway.sandbox.bill.creates).toBe(2);
  });

  it('cancels the prediction when it gives up, and when its caller does', async () => {
    gateway.sandbox.script({ hang: true });
    await refusal(chatOf(gateway, PHI, { maxRetries: 0 }).invoke(asking(), { timeout: 700 }));
    await untilCancelled(gateway);
    await settleAndStartAnew(gateway);
    gateway.sandbox.script({ hang: true });
    const leaving = new AbortController();
    const asked = refusal(chatOf(gateway, PHI).invoke(asking(), { signal: leaving.signal }));
    await untilAccepted(gateway);
    leaving.abort();
    expect(await asked).toMatchObject({ name: 'AbortError' });
    await untilCancelled(gateway);
  });
});
