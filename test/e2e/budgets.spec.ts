// Budgets and places through the door, on two nodes of one gateway: as many creates as there is room for, not one more.
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN_KEY,
  type Answer,
  eventually,
  question,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';
import { execute } from '../support/postgres.js';

/** Nano-dollars for a second, and the most that a call can cost: a minute, and a second for rounding. */
const SECOND = 975_000n;
const MOST = 61n * SECOND;

/** What Replicate says of an input that is not as the model's schema has it. */
const INVALID = { status: 422, title: 'Input validation failed', detail: '- input: no', invalid_fields: [] };

const PICTURE_MESSAGE = {
  role: 'user',
  content: [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url: 'https://example.com/image.jpg' } },
  ],
};

let nodes: [TestGateway, TestGateway];
beforeAll(async () => {
  const settings = { defaultHardware: 'gpu-l40s', predictionTimeoutMs: 60_000, createsPerMinute: 1_000_000 };
  const first = await startTestGateway({ settings, sandbox: { run: 2000 } });
  nodes = [first, await startTestGateway({ settings, beside: first })];
});
afterAll(async () => {
  for (const node of [...nodes].reverse()) await node.close();
});
afterEach(async () => {
  await expectOneBill(nodes[0]);
  await startAnew(nodes[0]);
});

/** A key of a new tenant with these limits. */
async function keyOf(limits: object, keyLimits: object = {}): Promise<string> {
  const post = async (path: string, body: object): Promise<{ id: string; key: string }> =>
    (await nodes[0].send(path, { method: 'POST', body, key: ADMIN_KEY })).json;
  const { id } = await post('/admin/tenants', { name: 'Acme', limits });
  return (await post(`/admin/tenants/${id}/keys`, { name: 'test', limits: keyLimits })).key;
}

/** Calls at the same time, over both nodes. */
const burst = (key: string, calls: number): Promise<Answer[]> =>
  Promise.all(
    Array.from({ length: calls }, (_, index) =>
      (nodes[index % 2] as TestGateway).complete({ prompt: `Question ${index}` }, { key }),
    ),
  );

const usd = (nanos: bigint): number => Number(nanos) / 1e9;
const answered = (answers: readonly Answer[]) => answers.filter(({ status }) => status === 200).length;

describe('a budget', () => {
  it.each(['monthly_budget_usd', 'total_budget_usd'])(
    'with room for 10 of 200 calls over two nodes makes exactly 10 creates: %s (F1, P14)',
    async (name) => {
      const key = await keyOf({ [name]: usd(MOST * 10n) });
      const answers = await burst(key, 200);
      expect(answered(answers)).toBe(10);
      expect(nodes[0].sandbox.bill.creates).toBe(10);
      for (const { status, json, headers } of answers.filter((answer) => answer.status !== 200)) {
        expect([status, headers['x-should-retry']]).toEqual([429, 'false']);
        expect(json).toMatchObject({ error: { type: 'insufficient_quota', code: 'insufficient_quota' } });
      }
    },
    60_000,
  );

  it('of a key holds beside that of its tenant', async () => {
    const key = await keyOf({ total_budget_usd: usd(MOST * 3n) }, { total_budget_usd: usd(MOST * 2n) });
    expect(answered(await burst(key, 20))).toBe(2);
  });

  it('is charged what a call has cost, and has room again for what was held', async () => {
    const key = await keyOf({ total_budget_usd: usd(MOST + 10n * SECOND) });
    // Each costs two seconds; one after the other there is always room for the most that one can cost.
    for (const node of [nodes[0], nodes[1], nodes[0]])
      expect((await node.complete({}, { key })).status).toBe(200);
    await eventually('the calls are settled', async () =>
      (await ledger(nodes[0])).every(({ settled_at }) => settled_at !== null),
    );
    for (const { cost_nanos, run_time_us } of await ledger(nodes[0])) {
      expect(BigInt(cost_nanos ?? 0)).toBe((BigInt(run_time_us ?? 0) * SECOND + 999_999n) / 1_000_000n);
    }
  }, 30_000);

  it('is given back where nothing was billed', async () => {
    const key = await keyOf({ total_budget_usd: usd(MOST) });
    nodes[0].sandbox.script({ status: 422, body: INVALID });
    expect((await nodes[0].complete({}, { key })).status).toBe(400);
    expect((await nodes[1].complete({}, { key })).status).toBe(200);
  });

  it('that is used up is asked for once by the OpenAI client', async () => {
    const key = await keyOf({ total_budget_usd: 0 });
    const { url } = nodes[0];
    let asked = 0;
    const client = new OpenAI({
      apiKey: key,
      baseURL: `${url}/v1`,
      fetch: (...args) => {
        asked++;
        return fetch(...args);
      },
    });
    const refusal = client.post('/completions', { body: question() });
    await expect(refusal).rejects.toMatchObject({ status: 429, code: 'insufficient_quota' });
    expect(asked).toBe(1);
  });

  it.each([{}, { stream: true }])('has room for all of several answers or for none: %o', async (how) => {
    const key = await keyOf({ total_budget_usd: usd(MOST * 2n) });
    const body = { messages: [PICTURE_MESSAGE], ...how };
    const ask = (n: number) =>
      nodes[0].send('/v1/chat/completions', { method: 'POST', body: { ...body, n }, key });
    const { status, json } = await ask(3);
    expect(status).toBe(429);
    expect(json).toMatchObject({ error: { code: 'insufficient_quota' } });
    expect(nodes[0].sandbox.bill.creates).toBe(0);
    expect((await ask(2)).status).toBe(200);
    expect(nodes[0].sandbox.bill.creates).toBe(2);
  });

  it('is shared by the keys that its key makes', async () => {
    const limits = { total_budget_usd: usd(MOST), requests_per_minute: 100 };
    const post = async (path: string, body: object, key: string): Promise<{ id: string; key: string }> =>
      (await nodes[0].send(path, { method: 'POST', body, key })).json;
    const { id } = await post('/admin/tenants', { name: 'Acme' }, ADMIN_KEY);
    const scopes = ['inference', 'keys:manage'];
    const path = `/admin/tenants/${id}/keys`;
    const maker = await post(path, { name: 'maker', scopes, limits }, ADMIN_KEY);
    const made = await post(path, { name: 'made', scopes }, maker.key);
    const madeByMade = await post(path, { name: 'again' }, made.key);
    const answers = await Promise.all(
      [maker, made, madeByMade].map(({ key }, index) =>
        (nodes[index % 2] as TestGateway).complete({}, { key }),
      ),
    );
    expect(answered(answers)).toBe(1);
    expect(nodes[0].sandbox.bill.creates).toBe(1);
  });

  it('that has no room for a further attempt at JSON says that the first one was made', async () => {
    const key = await keyOf({ total_budget_usd: usd(MOST) });
    const body = { messages: [PICTURE_MESSAGE], response_format: { type: 'json_object' } };
    const { status, json, headers } = await nodes[0].send('/v1/chat/completions', {
      method: 'POST',
      body,
      key,
    });
    expect(status).toBe(429);
    expect(headers).toMatchObject({ 'x-cerebro-attempts': '1', 'x-should-retry': 'false' });
    expect(json).toMatchObject({
      error: {
        code: 'insufficient_quota',
        message: expect.stringContaining('could not be asked again') as string,
      },
    });
    expect(nodes[0].sandbox.bill.creates).toBe(1);
  });

  it('cannot be held for a model without a price', async () => {
    const unpriced = await startTestGateway({ beside: nodes[0] });
    try {
      const key = await keyOf({ total_budget_usd: 1000 });
      const { status, json } = await unpriced.complete({}, { key });
      expect(status).toBe(403);
      expect(json).toMatchObject({ error: { code: 'model_not_priced', param: 'model' } });
      expect(nodes[0].sandbox.bill.creates).toBe(0);
    } finally {
      await unpriced.close();
    }
  });
});

describe('places', () => {
  it('are taken by as many calls as there are, of 60 over two nodes (F2)', async () => {
    const key = await keyOf({ max_concurrency: 7 });
    const answers = await burst(key, 60);
    expect(answered(answers)).toBe(7);
    for (const { headers, json } of answers.filter(({ status }) => status !== 200)) {
      expect(headers['retry-after']).toBe('1');
      expect(json).toMatchObject({ error: { type: 'requests', code: 'rate_limit_exceeded' } });
    }
  });

  it('are not taken by a call that asks for more than there are, and clients do not repeat it', async () => {
    const key = await keyOf({ max_concurrency: 2 });
    const body = { messages: [PICTURE_MESSAGE], n: 4 };
    const { status, headers } = await nodes[0].send('/v1/chat/completions', { method: 'POST', body, key });
    expect([status, headers['x-should-retry'], headers['retry-after']]).toEqual([429, 'false', undefined]);
    expect(nodes[0].sandbox.bill.creates).toBe(0);
  });

  it('are free again for who asks one call after the other, on whichever node', async () => {
    const key = await keyOf({ max_concurrency: 1 });
    for (const node of [nodes[0], nodes[1], nodes[0], nodes[1]])
      expect((await node.complete({}, { key })).status).toBe(200);
  }, 30_000);

  it('are all free after calls that ended in every way (F11)', async () => {
    const key = await keyOf({ max_concurrency: 100 });
    const { sandbox } = nodes[0];
    for (const fault of [{ status: 500 }, { status: 422 }, { fail: 'no' }, { abort: true as const }])
      sandbox.script(fault);
    const leaving = new AbortController();
    setTimeout(() => leaving.abort(), 300);
    await Promise.allSettled([
      ...Array.from({ length: 6 }, () => nodes[0].complete({}, { key })),
      nodes[1].complete({}, { key, signal: leaving.signal }),
    ]);
    await expectOneBill(nodes[0]);
  }, 60_000);
});

it('a key that is revoked creates nothing, also where a node still trusts it', async () => {
  const key = await keyOf({});
  const [, other] = nodes;
  expect((await other.complete({}, { key })).status).toBe(200);
  // The notice of it is suppressed, as where a connection is dead.
  await execute(
    other.databaseUrl,
    `ALTER TABLE api_keys DISABLE TRIGGER api_keys_notify; UPDATE api_keys SET revoked_at = now()
     WHERE id = (SELECT key_id FROM predictions ORDER BY id DESC LIMIT 1);
     ALTER TABLE api_keys ENABLE TRIGGER api_keys_notify`,
  );
  const refused = await other.complete({ prompt: 'Again?' }, { key });
  expect(refused.status).toBe(401);
  expect(nodes[0].sandbox.bill.creates).toBe(1);
});
