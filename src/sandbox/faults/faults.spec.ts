import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call, create, echo, ended, read } from '../sandbox.fixture.js';
import { startSandbox, type Sandbox } from '../sandbox.js';
import type { Fault } from './fault.js';

let sandbox: Sandbox;
const wait = { headers: { prefer: 'wait' } };

beforeAll(async () => {
  sandbox = await startSandbox({ model: echo, maxHold: 5_000 });
});
afterEach(() => {
  sandbox.reset();
});
afterAll(() => sandbox.close());

async function meet(fault: Fault) {
  sandbox.script(fault);
  return create(sandbox, wait);
}

describe('a refusal', () => {
  it.each<[Fault, number, string]>([
    [
      { status: 429, retryAfter: 10, text: 'low-credit' },
      429,
      '{"detail":"Request was throttled. Your rate limit for prediction creation is reduced to 6 requests per minute with a burst of 1 requests while you have less than $5.0 in credit. Your rate limit resets in ~10s.","status":429,"retry_after":10}',
    ],
    [
      { status: 429, text: 'expected', retryAfterIn: [] },
      429,
      '{"detail":"Request was throttled. Expected available in 1 second.","status":429}',
    ],
    [
      { status: 429, retryAfter: 30, retryAfterIn: ['header'] },
      429,
      '{"detail":"Request was throttled. Your rate limit resets in ~30s.","status":429}',
    ],
    [
      { status: 402 },
      402,
      '{"title":"Insufficient credit","detail":"You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to purchase credit. Once you purchase credit, please wait a few minutes before trying again.","status":402}',
    ],
    [{ status: 500 }, 500, '{"detail":"Internal server error"}'],
    [{ status: 503, html: false, body: { odd: true } }, 503, '{"odd":true}'],
  ])('%j is answered word for word and not billed', async (fault, status, text) => {
    const answer = await meet(fault);
    expect(answer).toMatchObject({ status, text });
    expect(sandbox.bill.creates).toBe(0);
    expect((await create(sandbox, wait)).status).toBe(201);
  });

  it('carries Retry-After unless it is left out', async () => {
    expect((await meet({ status: 429, retryAfter: 3 })).headers['retry-after']).toBe('3');
    expect((await meet({ status: 429, retryAfterIn: ['body'] })).headers).not.toHaveProperty('retry-after');
  });

  it('is HTML where a proxy answers', async () => {
    const answer = await meet({ status: 502 });
    expect(answer.headers['content-type']).toBe('text/html');
    expect(answer.text).toContain('<title>502 Bad Gateway</title>');
  });

  it('redirects without accepting', async () => {
    const answer = await meet({ redirect: 'http://127.0.0.1:1/elsewhere' });
    expect(answer).toMatchObject({ status: 307, headers: { location: 'http://127.0.0.1:1/elsewhere' } });
    expect(sandbox.bill.creates).toBe(0);
  });
});

describe('a broken connection', () => {
  it('is not billed when it breaks before the request is read', async () => {
    await expect(meet({ resetBeforeRead: true })).rejects.toThrow();
    expect(sandbox.bill.creates).toBe(0);
    expect(sandbox.requests).toHaveLength(1);
    expect(sandbox.requests[0]).not.toHaveProperty('body');
  });

  it('is billed when it breaks after the prediction was accepted', async () => {
    await expect(meet({ resetAfterAccept: true })).rejects.toThrow();
    expect(sandbox.bill.creates).toBe(1);
  });

  it('is billed when it breaks in the middle of the body', async () => {
    await expect(meet({ cutBody: true })).rejects.toThrow();
    expect(sandbox.bill.creates).toBe(1);
  });

  it('stays silent for as long as the caller listens', async () => {
    sandbox.script({ headersNever: true });
    const answer = fetch(`${sandbox.baseUrl}/predictions`, {
      method: 'POST',
      headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
      body: JSON.stringify({ version: 'meta/meta-llama-3-8b-instruct', input: {} }),
      signal: AbortSignal.timeout(100),
    });
    await expect(answer).rejects.toThrow('timeout');
    expect(sandbox.bill.creates).toBe(1);
  });
});

describe('a damaged answer to an accepted create', () => {
  it('breaks off in the middle of its JSON', async () => {
    const answer = await meet({ truncatedJson: true });
    expect(answer.status).toBe(201);
    expect(() => JSON.parse(answer.text) as unknown).toThrow(SyntaxError);
  });

  it('is not JSON, lacks its id, or comes slowly', async () => {
    const invalid = await meet({ invalidJson: true });
    expect(invalid.headers['content-type']).toContain('application/json');
    expect(() => JSON.parse(invalid.text) as unknown).toThrow(SyntaxError);
    expect((await meet({ missingId: true })).body).not.toHaveProperty('id');
    expect((await meet({ bodySlow: 60 })).body).toMatchObject({ output: 'Hello (1)' });
    expect(sandbox.bill.creates).toBe(3);
  });

  it('is as large as asked', async () => {
    const { body } = await meet({ hugeBody: 1_000_000 });
    expect(body.logs).toHaveLength(1_000_000);
    expect(body.output).toBe('Hello (1)');
  });

  it('comes under the id of the prediction before', async () => {
    const first = await create(sandbox, wait);
    const second = await meet({ duplicateId: true });
    expect(second.body.id).toBe(first.body.id);
    expect(sandbox.bill.creates).toBe(2);
  });
});

describe('the course of a prediction', () => {
  it('boots, runs, and fails with the text given', async () => {
    const answer = await meet({ boot: 30, run: 30, fail: 'Prediction interrupted; please retry (code: PA)' });
    expect(answer).toMatchObject({
      status: 201,
      body: { status: 'failed', output: null, error: 'Prediction interrupted; please retry (code: PA)' },
    });
    const [entry] = sandbox.bill.entries;
    expect(Date.parse(entry?.startedAt ?? '') - Date.parse(entry?.createdAt ?? '')).toBeGreaterThanOrEqual(
      25,
    );
    expect(entry?.billedSeconds).toBeGreaterThanOrEqual(0.025);
  });

  it('aborts without a bill', async () => {
    expect((await meet({ abort: true })).body).toMatchObject({ status: 'aborted', output: null });
    expect(sandbox.bill).toMatchObject({ creates: 1, billedSeconds: 0, entries: [{ status: 'aborted' }] });
  });

  it.each([null, 7, { text_out: 'x' }, ['a', 'b']])('gives the output %j as it is', async (output) => {
    expect((await meet({ output })).body.output).toEqual(output);
  });

  it('adds metrics', async () => {
    const created = await meet({ metrics: { input_token_count: 3, output_token_count: 5 } });
    expect((await read(sandbox, created)).body).toMatchObject({
      metrics: { input_token_count: 3, output_token_count: 5 },
    });
  });
});

describe('a fault on reads and cancels', () => {
  it('lasts as many reads as told', async () => {
    const created = await meet({ onGet: { status: 500, times: 2 } });
    const statuses = [];
    for (let reads = 0; reads < 3; reads++) statuses.push((await read(sandbox, created)).status);
    expect(statuses).toEqual([500, 500, 200]);
  });

  it('resets a read, and refuses a cancel, which then does nothing', async () => {
    sandbox.script({ hang: true, onGet: { reset: true }, onCancel: { status: 500 } });
    const created = await create(sandbox);
    const url = `${sandbox.baseUrl}/predictions/${String(created.body.id)}/cancel`;
    await expect(read(sandbox, created)).rejects.toThrow();
    expect((await call('POST', url)).status).toBe(500);
    expect((await read(sandbox, created)).body.status).toBe('starting');
    expect((await call('POST', url)).body.status).toBe('canceled');
  });
});

describe('which create a fault meets', () => {
  it('is the next one, first in first out, as many times as told', async () => {
    sandbox.script({ status: 500, times: 2 }, { status: 402 });
    const statuses = [];
    for (let creates = 0; creates < 4; creates++) statuses.push((await create(sandbox)).status);
    expect(statuses).toEqual([500, 500, 402, 201]);
  });

  it('is the first that matches', async () => {
    sandbox.script(
      { status: 402, match: { inputIncludes: 'needle' } },
      { status: 500, match: { model: 'a/b' } },
    );
    const other = await create(sandbox);
    const matching = await create(sandbox, { input: { prompt: 'a needle here' } });
    expect([other.status, matching.status]).toEqual([201, 402]);
    expect((await ended(sandbox, other)).body.status).toBe('succeeded');
  });
});
