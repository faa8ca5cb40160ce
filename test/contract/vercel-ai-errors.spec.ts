// What Vercel's `ai` does by itself when something is wrong: errors, retries, timeouts.
import { APICallError, generateText, RetryError } from 'ai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  Bicycle,
  PHI,
  refusal,
  settleAndStartAnew,
  startClientsGateway,
  startFullGateway,
  untilAccepted,
  untilCancelled,
} from '../support/clients.js';
import type { TestGateway } from '../support/gateway.js';
import { asking, cerebroOf } from '../support/vercel-ai.js';

let gateway: TestGateway;
let cerebro: ReturnType<typeof cerebroOf>;
beforeAll(async () => {
  gateway = await startClientsGateway();
  cerebro = cerebroOf(gateway);
});
afterAll(() => gateway.close());
afterEach(() => settleAndStartAnew(gateway));

describe("what Vercel's client does when something is wrong", () => {
  it.each([
    [400, 'decimal_above_max_value', 'temperature', () => ({ model: cerebro(PHI), temperature: 3 })],
    [404, 'model_not_found', 'model', () => ({ model: cerebro('gpt-4o') })],
    [401, 'invalid_api_key', null, () => ({ model: cerebroOf(gateway, { apiKey: 'sk-wrong' })(PHI) })],
  ])('raises %i with code and param', async (statusCode, code, param, settings) => {
    const error = await refusal(generateText({ ...settings(), messages: asking() }));
    expect(APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ statusCode, isRetryable: false, data: { error: { code, param } } });
  });

  it('does not take tools for granted', async () => {
    const error = await refusal(
      generateText({
        model: cerebro(PHI),
        messages: asking(),
        tools: { paint: { inputSchema: Bicycle } },
      }),
    );
    expect(error).toMatchObject({ statusCode: 400, data: { error: { param: 'tools' } } });
  });

  it('pays once for what Replicate takes at last', async () => {
    gateway.sandbox.script({ status: 503, html: false, times: 3 });
    const { text } = await generateText({ model: cerebro(PHI), messages: asking() });
    expect(text).toBe('A red bicycle.');
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('tells how long to wait for a Replicate that is full', async () => {
    const full = await startFullGateway();
    try {
      const model = cerebroOf(full)(PHI);
      const error = await refusal(generateText({ model, messages: asking(), maxRetries: 0 }));
      expect(error).toMatchObject({
        ...{ statusCode: 429, isRetryable: true },
        data: { error: { code: 'rate_limit_exceeded', type: 'requests' } },
      });
      const { responseHeaders } = error as APICallError;
      expect(Number(responseHeaders?.['retry-after'])).toBeGreaterThan(60);
      expect(full.sandbox.bill.creates).toBe(0);
    } finally {
      await full.close();
    }
  });

  // It knows nothing of `x-should-retry`, and by default repeats every 5xx twice: each is a call of its own.
  it.each([
    ['as often as it asks', {}, 3],
    ['once where it is told not to repeat', { maxRetries: 0 }, 1],
    ['once under an idempotency key', { headers: { 'Idempotency-Key': 'claim-1' } }, 1],
  ])('pays for a model that failed %s', async (_, settings, creates) => {
    gateway.sandbox.script({ fail: 'CUDA out of memory', times: 10 });
    const error = await refusal(generateText({ model: cerebro(PHI), messages: asking(), ...settings }));
    const last = RetryError.isInstance(error) ? error.lastError : error;
    expect(last).toMatchObject({
      ...{ statusCode: 502, data: { error: { code: 'prediction_failed' } } },
      responseHeaders: { 'x-should-retry': 'false' },
    });
    expect(gateway.sandbox.bill.creates).toBe(creates);
  });

  it('cancels the prediction when it gives up, and when its caller does', async () => {
    gateway.sandbox.script({ hang: true });
    await refusal(generateText({ model: cerebro(PHI), messages: asking(), timeout: 700 }));
    await untilCancelled(gateway);
    await settleAndStartAnew(gateway);
    gateway.sandbox.script({ hang: true });
    const leaving = new AbortController();
    const asked = refusal(
      generateText({ model: cerebro(PHI), messages: asking(), abortSignal: leaving.signal }),
    );
    await untilAccepted(gateway);
    leaving.abort();
    expect(await asked).toMatchObject({ name: 'AbortError' });
    await untilCancelled(gateway);
  });
});
