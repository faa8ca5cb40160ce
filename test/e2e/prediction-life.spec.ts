// The life of a prediction over faults, nodes and crashes: one outcome, one line of the ledger, nothing left running.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { withSession } from '../../src/database/migrations.js';
import { Reconciler } from '../../src/gateway/reconciler.service.js';
import type { WebhookFault } from '../../src/sandbox/faults/webhook-fault.js';
import { eventually, freePort, makeTenant, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';

let gateway: TestGateway;
let second: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  second = await startTestGateway({ beside: gateway });
});
afterAll(async () => {
  await second.close();
  await gateway.close();
});
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

const sql = (text: string) => withSession(gateway.databaseUrl, (session) => session.query(text));
const reconcile = (node: TestGateway) => node.app.nest.get(Reconciler).run();
const onlyLine = async () => {
  const lines = await ledger(gateway);
  expect(lines).toHaveLength(1);
  return lines[0];
};

describe('the ledger', () => {
  it('has the intent, committed, while the create is still on its way', async () => {
    gateway.sandbox.script({ boot: 600 });
    const answer = gateway.complete();
    await eventually('the create arrived', () => gateway.sandbox.bill.creates === 1);
    expect(await onlyLine()).toMatchObject({ upstream_id: null, settled_at: null, images: 1 });
    expect((await answer).status).toBe(200);
  });

  it('has one line a call: who asked what model, its version, its times and what it is billed as', async () => {
    gateway.sandbox.script({ run: 40 });
    const { json, headers } = await gateway.complete();
    await expectOneBill(gateway);
    expect(await onlyLine()).toMatchObject({
      state: 'succeeded',
      upstream_id: (json as { id: string }).id,
      model: 'cerebro-phi3.5-vision-instruct',
      version: 'eb47203b095603b4189c941667c3e21b7aba6694af845dae9a889a348581ed17',
      request_id: headers['x-request-id'],
      billing: 'unpriced',
      cost_nanos: null,
      error: null,
    });
  });

  it('never holds a prompt, an answer or an address', async () => {
    const prompt = 'What does canary-4711 look like?';
    gateway.sandbox.script({ output: 'like canary-0815' });
    expect(
      (await gateway.complete({ prompt, image_urls: 'https://example.com/canary-1234.jpg' })).status,
    ).toBe(200);
    await expectOneBill(gateway);
    expect(JSON.stringify(await ledger(gateway))).not.toMatch(/canary/);
  });

  it('names the error of what was never accepted, which cost nothing', async () => {
    gateway.sandbox.script({ status: 402 });
    expect((await gateway.complete()).status).toBe(503);
    await eventually('settled', async () => (await onlyLine())?.settled_at !== null);
    expect(await onlyLine()).toMatchObject({
      state: 'failed',
      error: 'upstream_billing',
      billing: 'nothing',
      cost_nanos: '0',
    });
  });
});

describe('a create whose answer was lost', () => {
  it('is found in the list, and its caller gets the answer, for one bill (A1)', async () => {
    gateway.sandbox.script({ boot: 200, resetAfterAccept: true, output: 'found again' });
    const { status, json } = await gateway.complete();
    expect(status).toBe(200);
    expect(json).toMatchObject({ choices: [{ text: 'found again' }] });
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('is told as unknown where the list does not know it either, and never sent again (A3)', async () => {
    gateway.sandbox.script({ resetBeforeRead: true });
    const { status, json, headers } = await gateway.complete();
    expect(status).toBe(502);
    expect(json).toMatchObject({ error: { code: 'upstream_unknown' } });
    expect(headers['x-should-retry']).toBe('false');
    expect(await onlyLine()).toMatchObject({ state: 'sent', settled_at: null });
  });

  it('ends as unknown when its deadline has passed and nobody has seen it', async () => {
    gateway.sandbox.script({ resetBeforeRead: true });
    expect((await gateway.complete()).status).toBe(502);
    await eventually('given up', async () => {
      const { rows } = await sql('SELECT 1 FROM predictions WHERE node_id IS NULL');
      return rows.length === 1;
    });
    await sql("UPDATE predictions SET deadline_at = now() - interval '2 minutes', check_at = now()");
    await Promise.all([reconcile(gateway), reconcile(second)]);
    await eventually('settled', async () => (await onlyLine())?.settled_at !== null);
    expect(await onlyLine()).toMatchObject({ state: 'unknown', billing: 'unknown', cost_nanos: null });
  });
});

describe('webhooks', () => {
  let reachable: TestGateway;
  let other: TestGateway;
  beforeAll(async () => {
    const port = await freePort();
    const settings = { publicUrl: `http://127.0.0.1:${port}` };
    reachable = await startTestGateway({ port, settings, sandbox: { maxHold: 100 } });
    // Polls the same sandbox, and its predictions are told to the first.
    other = await startTestGateway({ beside: reachable, settings });
  });
  afterAll(async () => {
    await other.close();
    await reachable.close();
  });
  afterEach(async () => {
    await expectOneBill(reachable);
    await startAnew(reachable);
  });

  const delivered = (event: string) =>
    reachable.sandbox.deliveries.filter((delivery) => delivery.event === event);

  it('are asked for with each create, under the id of its record', async () => {
    expect((await reachable.complete()).status).toBe(200);
    const [create] = reachable.sandbox.requests.filter(({ method }) => method === 'POST');
    const [line] = await ledger(reachable);
    expect(create?.body).toMatchObject({
      webhook: `${reachable.url}/webhooks/replicate/${line?.id}`,
      webhook_events_filter: ['start', 'completed'],
    });
  });

  it('bring the bill of a held answer, so that nobody need ask for it', async () => {
    expect((await reachable.complete()).status).toBe(200);
    await expectOneBill(reachable);
    expect(
      reachable.sandbox.requests.filter(({ method, path }) => method === 'GET' && !path.includes('secret')),
    ).toEqual([]);
  });

  it('settle what nobody has asked about, and wake who waits on any node (G8)', async () => {
    reachable.sandbox.script({ boot: 900, run: 50 });
    expect((await other.complete()).status).toBe(200);
    await eventually('delivered', () => delivered('completed').some(({ status }) => status === 200));
  });

  it('are heard once, however often and in whatever order they come (G1, G7)', async () => {
    reachable.sandbox.script({ boot: 300, run: 50, webhook: { duplicate: 5, early: true, reorder: true } });
    expect((await reachable.complete()).status).toBe(200);
    await eventually('all delivered', () => delivered('completed').length >= 5);
    for (const { status } of delivered('completed')) expect(status).toBe(200);
  });

  it('tell the id of a create whose answer was lost (A1)', async () => {
    reachable.sandbox.script({ boot: 300, resetAfterAccept: true, unlisted: 60_000, output: 'by webhook' });
    const { status, json } = await reachable.complete();
    expect(status).toBe(200);
    expect(json).toMatchObject({ choices: [{ text: 'by webhook' }] });
  });

  it.each<[string, WebhookFault]>([
    ['with a bad signature', { badSignature: true }],
    ['that are too old', { staleTimestamp: true }],
  ])('are refused %s (G2, G4)', async (_, webhook) => {
    reachable.sandbox.script({ webhook });
    expect((await reachable.complete()).status).toBe(200);
    await eventually('delivered', () => delivered('completed').length > 0);
    expect(delivered('completed')[0]?.status).toBe(401);
  });

  it.each(['/webhooks/replicate/prd_00000000000000000000000000000000', '/webhooks/replicate/other'])(
    'without a signature, at %s, are refused as a stranger is',
    async (path) => {
      const { status, json } = await reachable.send(path, { method: 'POST', key: null, body: { id: 'x' } });
      expect([401, 404]).toContain(status);
      expect(json).toHaveProperty('error.code');
    },
  );

  it('do not exist where Replicate cannot reach us', async () => {
    const path = '/webhooks/replicate/prd_00000000000000000000000000000000';
    const headers = { 'webhook-signature': 'v1,AAAA' };
    expect((await gateway.send(path, { method: 'POST', key: null, body: {}, headers })).status).toBe(404);
  });
});

describe('a caller who hangs up', () => {
  it('has its prediction settled as canceled, with what it ran', async () => {
    gateway.sandbox.script({ boot: 50, run: 5000 });
    await expect(gateway.complete({}, { signal: AbortSignal.timeout(400) })).rejects.toThrow();
    await eventually('settled', async () => (await onlyLine())?.settled_at !== null);
    expect(await onlyLine()).toMatchObject({ state: 'canceled', billing: 'unpriced' });
  });
});

describe('a caller who hangs up before anything is sent', () => {
  it('costs nothing, and its line says so', async () => {
    const narrow = await startTestGateway({ beside: gateway, settings: { createsPerMinute: 1 } });
    expect((await narrow.complete()).status).toBe(200);
    await expectOneBill(gateway);
    await expect(narrow.complete({}, { signal: AbortSignal.timeout(300) })).rejects.toThrow();
    await eventually('settled', async () =>
      (await ledger(gateway)).every(({ settled_at }) => settled_at !== null),
    );
    expect((await ledger(gateway)).at(-1)).toMatchObject({
      state: 'canceled',
      upstream_id: null,
      billing: 'nothing',
      error: 'client_closed_request',
    });
    expect(gateway.sandbox.bill.creates).toBe(1);
    await narrow.close();
  });
});

describe('one id for two predictions', () => {
  it('never lets one tenant see the answer of another (A27)', async () => {
    gateway.sandbox.script({ output: 'for the first' }, { duplicateId: true, output: 'for the second' });
    expect((await gateway.complete()).status).toBe(200);
    const { key } = await makeTenant(gateway.url);
    const { status, text } = await gateway.complete({}, { key });
    expect(status).toBe(502);
    expect(text).not.toContain('for the');
    await startAnew(gateway);
  });
});
