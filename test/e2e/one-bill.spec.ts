// One call, one bill: what goes wrong between the gateway and Replicate, what the caller is told, and how many
// creates were sent for it.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/sandbox/faults/fault.js';
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ settings: { predictionTimeoutMs: 5000 } });
});
afterAll(() => gateway.close());
afterEach(async () => {
  // As many good ones as bad ones and more: the model's breaker stays closed.
  await Promise.all([gateway.complete(), gateway.complete()]);
  await expectOneBill(gateway);
  await startAnew(gateway);
});

const creates = () =>
  gateway.sandbox.requests.filter(({ method, path }) => method === 'POST' && path === '/v1/predictions');

interface Case {
  readonly row: string;
  readonly fault: Fault;
  readonly status: number;
  readonly code: string;
  readonly retry?: 'true' | 'false';
}

const cases: Case[] = [
  {
    row: 'A3 reset before it was read',
    fault: { resetBeforeRead: true },
    status: 502,
    code: 'upstream_unknown',
    retry: 'false',
  },
  { row: 'A7 500', fault: { status: 500 }, status: 502, code: 'upstream_error', retry: 'false' },
  {
    row: 'A7 500 in HTML',
    fault: { status: 500, html: true },
    status: 502,
    code: 'upstream_error',
    retry: 'false',
  },
  { row: 'A7 502 in HTML', fault: { status: 502 }, status: 502, code: 'upstream_error', retry: 'false' },
  {
    row: "A7 a proxy's 503",
    fault: { status: 503, html: true },
    status: 502,
    code: 'upstream_error',
    retry: 'false',
  },
  { row: 'A7 504', fault: { status: 504 }, status: 502, code: 'upstream_error', retry: 'false' },
  { row: 'A8 our token refused', fault: { status: 401 }, status: 502, code: 'upstream_auth', retry: 'false' },
  { row: 'A9 no credit', fault: { status: 402 }, status: 503, code: 'upstream_billing', retry: 'false' },
  { row: 'A10 unknown version', fault: { status: 422 }, status: 404, code: 'model_not_found' },
  {
    row: 'A11 JSON cut short',
    fault: { truncatedJson: true },
    status: 502,
    code: 'upstream_invalid_response',
    retry: 'false',
  },
  {
    row: 'A11 no JSON',
    fault: { invalidJson: true },
    status: 502,
    code: 'upstream_invalid_response',
    retry: 'false',
  },
  {
    row: 'A11 no id',
    fault: { missingId: true },
    status: 502,
    code: 'upstream_invalid_response',
    retry: 'false',
  },
  {
    row: 'A12 far too long',
    fault: { hugeBody: 20_000_000 },
    status: 502,
    code: 'upstream_invalid_response',
    retry: 'false',
  },
  {
    row: 'A15 failed',
    fault: { fail: 'CUDA error at /src/predict.py:42' },
    status: 502,
    code: 'prediction_failed',
    retry: 'false',
  },
  { row: 'A15 aborted', fault: { abort: true }, status: 504, code: 'prediction_timeout', retry: 'false' },
  {
    row: 'A15 lost worker',
    fault: { fail: 'Prediction interrupted; please retry (code: PA)' },
    status: 503,
    code: 'prediction_interrupted',
    retry: 'true',
  },
  {
    row: 'A15 no image could be loaded',
    fault: { fail: 'No valid images were provided.' },
    status: 400,
    code: 'invalid_image_url',
  },
  {
    row: 'A16 no output',
    fault: { output: null, waitStatus: 'succeeded' },
    status: 502,
    code: 'upstream_invalid_response',
    retry: 'false',
  },
  {
    row: 'A23 a redirect',
    fault: { redirect: 'http://127.0.0.1:1/v1/predictions' },
    status: 502,
    code: 'upstream_error',
    retry: 'false',
  },
];

describe('a create that goes wrong', () => {
  it.each(cases)('is sent once and told as $status $code ($row)', async ({ fault, status, code, retry }) => {
    gateway.sandbox.script(fault);
    const answer = await gateway.complete();
    expect(answer.status).toBe(status);
    const { error } = answer.json as { error: Record<string, unknown> };
    expect(Object.keys(error)).toEqual(['message', 'type', 'param', 'code']);
    expect(error.code).toBe(code);
    expect(answer.headers['x-should-retry']).toBe(retry);
    expect(answer.headers['x-request-id']).toMatch(/^req_[0-9a-f]{32}$/);
    expect(creates()).toHaveLength(1);
    expect(answer.text).not.toMatch(/predict\.py|<html|nginx|cloudflare|Unauthenticated|CUDA/i);
  });

  it.each<[string, Fault]>([
    ['cut JSON', { truncatedJson: true, hang: true }],
    ['a body that is far too long', { hugeBody: 20_000_000, hang: true }],
  ])('is cancelled where %s still told its id (A11, A12)', async (_, fault) => {
    // Held for a second, as the deadline allows no more; then the damaged answer comes while it still starts.
    const short = await startTestGateway({ sandbox: { maxHold: 100 } });
    try {
      short.sandbox.script(fault);
      expect((await short.complete()).status).toBe(502);
      await eventually('cancelled', () =>
        /aborted|canceled/.test(short.sandbox.bill.entries[0]?.status ?? ''),
      );
    } finally {
      await short.close();
    }
  });
});

describe('a create whose answer was cut off', () => {
  it.each<[string, Fault]>([
    ['after its id', { cutBody: true }],
    ['before it began', { resetAfterAccept: true }],
  ])('%s is found again and answered, for one bill (A1, A11)', async (_, fault) => {
    gateway.sandbox.script({ ...fault, boot: 100, output: 'found again' });
    const { status, json } = await gateway.complete();
    expect(status).toBe(200);
    expect(json).toMatchObject({ choices: [{ text: 'found again' }] });
    expect(creates()).toHaveLength(1);
  });
});

describe('a create that was provably not accepted', () => {
  it("is sent again after the wait that Replicate's 429 asks for (A4)", async () => {
    gateway.sandbox.script({ status: 429, retryAfter: 1 });
    expect((await gateway.complete()).status).toBe(200);
    const [first, second] = creates();
    expect((second?.time ?? 0) - (first?.time ?? 0)).toBeGreaterThanOrEqual(1000);
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('is sent again after the wait that only its words tell (A5)', async () => {
    gateway.sandbox.script({ status: 429, retryAfter: 1, retryAfterIn: [] });
    expect((await gateway.complete()).status).toBe(200);
    const [first, second] = creates();
    expect((second?.time ?? 0) - (first?.time ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  it("is sent again after Replicate's own 503", async () => {
    gateway.sandbox.script({ status: 503, html: false });
    expect((await gateway.complete()).status).toBe(200);
    expect(creates()).toHaveLength(2);
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('is sent three times at the most, then told as 429 with the wait', async () => {
    gateway.sandbox.script({ status: 429, retryAfter: 1, times: 5 });
    const { status, json, headers } = await gateway.complete();
    expect(status).toBe(429);
    expect(json).toMatchObject({ error: { type: 'requests', code: 'rate_limit_exceeded' } });
    expect(headers['retry-after']).toBe('1');
    expect(creates()).toHaveLength(3);
    expect(gateway.sandbox.bill.creates).toBe(0);
  });

  it('is told at once where the wait would outlast the deadline, and so is who comes meanwhile', async () => {
    const limited = await startTestGateway({ settings: { predictionTimeoutMs: 5000 } });
    try {
      limited.sandbox.script({ status: 429, retryAfter: 30 });
      for (const first of [true, false]) {
        const { status, headers } = await limited.complete();
        expect(status).toBe(429);
        if (first) expect(headers['retry-after']).toBe('30');
        else expect(Number(headers['retry-after'])).toBeGreaterThan(25);
      }
      expect(limited.sandbox.requests).toHaveLength(1);
    } finally {
      await limited.close();
    }
  });
});

describe('a Replicate that cannot be reached (A2)', () => {
  it('is told as 503 that is safe to retry', async () => {
    const lonely = await startTestGateway({ settings: { replicateBaseUrl: 'http://127.0.0.1:9/v1' } });
    try {
      const { status, json, headers } = await lonely.complete();
      expect(status).toBe(503);
      expect(json).toMatchObject({ error: { type: 'server_error', code: 'upstream_unavailable' } });
      expect(headers).toMatchObject({
        'x-should-retry': 'true',
        'retry-after': '5',
        'retry-after-ms': '5000',
      });
    } finally {
      await lonely.close();
    }
  });
});

describe('input that Replicate refuses (A10)', () => {
  it("names the caller's parameter, not the model's field, and none of Replicate's text", async () => {
    gateway.sandbox.script({
      status: 422,
      body: {
        detail: '- input.max_new_tokens: Must be greater than or equal to 4096\n',
        status: 422,
        title: 'Input validation failed',
        invalid_fields: [
          {
            type: 'number_gte',
            field: 'input.max_new_tokens',
            description: 'Must be greater than or equal to 4096',
          },
        ],
      },
    });
    const { status, json, text } = await gateway.complete();
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { param: 'max_tokens', code: 'upstream_rejected_input' } });
    expect(text).not.toContain('4096');
  });
});
