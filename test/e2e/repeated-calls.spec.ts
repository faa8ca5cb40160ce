// A call that is sent again, by its caller or by its client on its own, costs one prediction.
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keyWith } from '../support/chat.js';
import {
  ADMIN_KEY,
  eventually,
  makeTenant,
  question,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';
import { LoadBalancer } from '../support/load-balancer.js';

let gateway: TestGateway;
let second: TestGateway;
let balancer: LoadBalancer;
beforeAll(async () => {
  gateway = await startTestGateway();
  second = await startTestGateway({ beside: gateway });
  balancer = await LoadBalancer.open();
});
afterAll(async () => {
  await balancer.close();
  await second.close();
  await gateway.close();
});
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

let keys = 0;
const newKey = () => ({ 'Idempotency-Key': `key-${keys++}` });
const creates = () => gateway.sandbox.bill.creates;
const arrived = (count = 1) => eventually('the create arrived', () => creates() === count);

describe('a call with an Idempotency-Key', () => {
  it('has nothing to do with one by another key of its tenant, which may be allowed less', async () => {
    const narrow = await keyWith(gateway, { models: ['acme/other'] }, ADMIN_KEY);
    const headers = newKey();
    const first = await gateway.complete({}, { headers });
    expect((await gateway.complete({}, { headers, key: narrow })).status).toBe(404);
    const equal = await keyWith(gateway, {}, ADMIN_KEY);
    const other = await gateway.complete({}, { headers, key: equal });
    expect([first.status, other.status]).toEqual([200, 200]);
    expect(other.headers['idempotent-replayed']).toBeUndefined();
    expect(creates()).toBe(2);
  });

  it('is answered once: the second gets the stored answer, to the byte, on any node (B17)', async () => {
    const headers = newKey();
    const first = await gateway.complete({}, { headers });
    const again = await second.complete({}, { headers });
    expect(again.status).toBe(200);
    expect(again.text).toBe(first.text);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(creates()).toBe(1);
  });

  it('is a 409 while it runs, for its own kind on both nodes, and one create (B17)', async () => {
    gateway.sandbox.script({ boot: 800 });
    const headers = newKey();
    const answers = await Promise.all(
      [gateway, second, gateway, second].map((node) => node.complete({}, { headers })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.json).toMatchObject({ error: { code: 'idempotency_in_progress', param: null } });
    expect(refused?.headers['retry-after']).toBe('1');
    expect(creates()).toBe(1);
  });

  it('is a 422 with another body (B18)', async () => {
    const headers = newKey();
    expect((await gateway.complete({}, { headers })).status).toBe(200);
    const { status, json } = await second.complete({ prompt: 'Something else?' }, { headers });
    expect(status).toBe(422);
    expect(json).toMatchObject({ error: { code: 'idempotency_mismatch', param: 'Idempotency-Key' } });
    expect(creates()).toBe(1);
  });

  it('belongs to its tenant alone', async () => {
    const { key } = await makeTenant(gateway.url);
    const headers = newKey();
    expect((await gateway.complete({}, { headers })).status).toBe(200);
    const other = await gateway.complete({}, { headers, key });
    expect(other.status).toBe(200);
    expect(other.headers['idempotent-replayed']).toBeUndefined();
    expect(creates()).toBe(2);
  });

  it('may be sent again after an error that cost nothing', async () => {
    const headers = newKey();
    gateway.sandbox.script({ status: 402 });
    expect((await gateway.complete({}, { headers })).status).toBe(503);
    expect((await gateway.complete({}, { headers })).status).toBe(200);
    const other = newKey();
    expect((await gateway.complete({ max_tokens: 0 }, { headers: other })).status).toBe(400);
    expect((await gateway.complete({}, { headers: other })).status).toBe(200);
  });

  it('keeps an error that was billed, so that nobody pays for it twice', async () => {
    const headers = newKey();
    gateway.sandbox.script({ fail: 'CUDA error' });
    const first = await gateway.complete({}, { headers });
    const again = await second.complete({}, { headers });
    expect([first.status, again.status]).toEqual([502, 502]);
    expect(again.text).toBe(first.text);
    expect(again.headers['x-should-retry']).toBe('false');
    expect(creates()).toBe(1);
  });

  it('runs on when its caller hangs up, who then gets the answer', async () => {
    gateway.sandbox.script({ boot: 1200, output: 'kept for you' });
    const headers = newKey();
    await expect(gateway.complete({}, { headers, signal: AbortSignal.timeout(300) })).rejects.toThrow();
    await eventually('answered', async () => {
      const { status, text } = await second.complete({}, { headers });
      return status === 200 && text.includes('kept for you');
    });
    expect(creates()).toBe(1);
  });

  it.each(['', 'a'.repeat(256), 'ümlaut'])('is refused where the key is no key: %j', async (value) => {
    const headers = { 'Idempotency-Key': Buffer.from(value).toString('latin1') };
    const { status, json } = await gateway.complete({}, { headers });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { param: 'Idempotency-Key' } });
  });
});

describe("the openai client's own repetition", () => {
  const client = (options: Partial<ConstructorParameters<typeof OpenAI>[0]> = {}) =>
    new OpenAI({ apiKey: gateway.key, baseURL: `${balancer.url}/v1`, ...options });
  const ask = (openai: OpenAI) =>
    openai.post<{ choices: { text: string }[] }>('/completions', { body: question() });

  it.each([
    ['the same node', () => gateway.url],
    ['another node', () => second.url],
  ])('joins what runs when its connection was reset, on %s', async (_, next) => {
    gateway.sandbox.script({ boot: 2500, output: 'the one answer' });
    balancer.target = gateway.url;
    const answer = ask(client());
    await arrived();
    balancer.target = next();
    balancer.reset();
    expect((await answer).choices[0]?.text).toBe('the one answer');
    expect(creates()).toBe(1);
  });

  it('joins what runs when the client itself has lost patience: a short timeout gets a slow answer', async () => {
    gateway.sandbox.script({ boot: 1600, output: 'worth the wait' });
    balancer.target = gateway.url;
    const answer = await ask(client({ timeout: 900 }));
    expect(answer.choices[0]?.text).toBe('worth the wait');
    expect(creates()).toBe(1);
  });

  it('takes the answer that was lost on its way', async () => {
    gateway.sandbox.script({ boot: 300, output: 'said once' });
    balancer.target = gateway.url;
    const first = await gateway.complete();
    expect(first.status).toBe(200);
    const again = await second.complete({}, { headers: { 'x-stainless-retry-count': '1' } });
    expect(again.json).toMatchObject({ choices: [{ text: 'said once' }] });
    expect(creates()).toBe(1);
  });

  it('never joins another key, another question, or a first attempt', async () => {
    const { key } = await makeTenant(gateway.url);
    const retried = { 'x-stainless-retry-count': '1' };
    expect((await gateway.complete()).status).toBe(200);
    expect((await gateway.complete({}, { headers: retried, key })).status).toBe(200);
    expect((await gateway.complete({ prompt: 'Another?' }, { headers: retried })).status).toBe(200);
    expect((await gateway.complete({}, { headers: { 'x-stainless-retry-count': '0' } })).status).toBe(200);
    expect(creates()).toBe(4);
  });

  it('asks anew where the first attempt came to nothing', async () => {
    gateway.sandbox.script({ status: 402 });
    expect((await gateway.complete()).status).toBe(503);
    const again = await gateway.complete({}, { headers: { 'x-stainless-retry-count': '1' } });
    expect(again.status).toBe(200);
    expect(creates()).toBe(1);
  });

  it('is over within a second where nobody comes back (B1)', async () => {
    gateway.sandbox.script({ hang: true });
    const headers = { 'x-stainless-retry-count': '0' };
    await expect(gateway.complete({}, { headers, signal: AbortSignal.timeout(900) })).rejects.toThrow();
    await eventually('cancelled', () =>
      /aborted|canceled/.test(gateway.sandbox.bill.entries[0]?.status ?? ''),
    );
  });
});
