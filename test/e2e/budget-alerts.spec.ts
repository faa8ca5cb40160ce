// Budget alerts of a whole gateway: two nodes, calls that cost money, and an endpoint on loopback.
import { createSecretKey, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWebhookSink, status, type WebhookSink } from '../../src/metering/webhook-sink.fixture.js';
import { ADMIN_KEY, eventually, makeTenant, startTestGateway, type TestGateway } from '../support/gateway.js';
import { execute } from '../support/postgres.js';
import { temporaryFolder } from '../support/process.js';

interface Alert {
  readonly id: string;
  readonly scope: string;
  readonly status: string;
  readonly attempts: number;
  readonly threshold_percent: number;
  readonly last_outcome: string | null;
}

const folder = temporaryFolder();
let nodes: TestGateway[];
let gateway: TestGateway;
beforeAll(async () => {
  const modelsFile = join(folder.path, 'models.json');
  const priced = { model: 'yorickvp/llava-13b', price: { usd_per_second: '0.1' }, timeout: '10s' };
  writeFileSync(modelsFile, JSON.stringify({ models: { priced } }));
  const settings = {
    modelsFile,
    privateImageHosts: ['127.0.0.1'],
    encryptionKeys: [{ version: 1, key: createSecretKey(randomBytes(32)) }],
  };
  gateway = await startTestGateway({ settings, sandbox: { run: 30 } });
  nodes = [gateway, await startTestGateway({ settings, beside: gateway })];
});
afterAll(async () => {
  for (const node of nodes.toReversed()) await node.close();
  folder.remove();
});

let sink: WebhookSink;
let tenant: { tenantId: string; key: string };
let secret: string;
beforeEach(async () => {
  sink = await startWebhookSink();
  tenant = await makeTenant(gateway.url);
  const body = {
    limits: { monthly_budget_usd: 1.5 },
    alerts: { url: 'https://hooks.example.com/cerebro', thresholds: [1, 100] },
  };
  const { status: code, json } = await admin('', { method: 'PATCH', body });
  expect(code).toBe(200);
  ({ secret } = (json as { alerts: { secret: string } }).alerts);
  await sendTo(sink.url);
});
afterEach(() => sink.close());

const admin = (path: string, sent: object = {}) =>
  gateway.send(`/admin/tenants/${tenant.tenantId}${path}`, { key: ADMIN_KEY, ...sent });
/** Straight into the database: nobody may set such an address. */
const sendTo = (url: string) =>
  execute(gateway.databaseUrl, `UPDATE tenants SET alert_url = '${url}' WHERE id = '${tenant.tenantId}'`);
const spend = async (node = gateway) => {
  const body = { model: 'priced', temperature: undefined, do_sample: undefined };
  const answer = await node.complete(body, { key: tenant.key });
  expect(answer.status, answer.text).toBe(200);
};
const alerts = async (): Promise<Alert[]> => ((await admin('/alerts')).json as { data: Alert[] }).data;
/** Does not wait for the schedule. */
const hurry = () =>
  execute(
    gateway.databaseUrl,
    'UPDATE budget_alerts SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL',
  );
const attempted = async (attempts: number) => {
  await eventually(`attempt ${attempts}`, async () => {
    const [alert] = await alerts();
    return alert?.attempts === attempts && alert.last_outcome !== null;
  });
};

describe('a budget that is used to a part', () => {
  it('is told once, signed, whichever of two nodes sends it and however much more is spent', async () => {
    // Each call costs more than 3 thousandths of a dollar, and holds a dollar while it runs.
    for (const node of [...nodes, ...nodes, ...nodes]) await spend(node);
    await eventually('an alert', () => sink.arrivals.length > 0);
    await spend();
    // As long as both nodes need to look again.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const [arrival, ...more] = sink.arrivals;
    expect(more).toEqual([]);
    const client = new OpenAI({ apiKey: 'none' });
    const event = await client.webhooks.unwrap(arrival?.body ?? '', arrival?.headers ?? {}, secret);
    expect(event).toMatchObject({
      type: 'budget.threshold_reached',
      data: {
        ...{ tenant_id: tenant.tenantId, scope: 'tenant', account_id: tenant.tenantId, threshold_percent: 1 },
        ...{ period: new Date().toISOString().slice(0, 7), budget_usd: 1.5 },
      },
    });
    const [alert] = await alerts();
    expect(alert).toMatchObject({ id: arrival?.headers['webhook-id'], status: 'delivered', attempts: 1 });
    const { json } = await admin('/budget');
    const spent = (json as { tenant: { monthly: { spent_usd: number } } }).tenant.monthly.spent_usd;
    expect((event as unknown as { data: { spent_usd: number } }).data.spent_usd).toBeLessThan(spent);
  });

  it("is told of a key's own budget too", async () => {
    const { json } = await admin('/keys', {
      method: 'POST',
      body: { name: 'small', limits: { total_budget_usd: 1.2 } },
    });
    const { id, key } = json as { id: string; key: string };
    tenant = { ...tenant, key };
    for (let i = 0; i < 6; i++) await spend();
    await eventually('alerts', () => sink.arrivals.length === 2);
    const bodies = sink.arrivals.map(({ body }) => (JSON.parse(body) as { data: object }).data);
    expect(bodies).toContainEqual(
      expect.objectContaining({ scope: 'key', account_id: id, period: 'total', budget_usd: 1.2 }),
    );
  });
});

describe('an endpoint', () => {
  it('that fails twice gets the same message a third time (G10, G11)', async () => {
    sink.script(500, (response) => response.destroy());
    for (let i = 0; i < 6; i++) await spend();
    for (let attempt = 1; attempt <= 3; attempt++) {
      await attempted(attempt);
      await hurry();
    }
    expect(sink.arrivals).toHaveLength(3);
    expect(new Set(sink.arrivals.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(sink.arrivals.map(({ body }) => body)).size).toBe(1);
    expect(await alerts()).toMatchObject([{ status: 'delivered', last_outcome: 'status 200' }]);
  });

  it('that redirects gets no further (D3)', async () => {
    sink.script(status(307, { location: `${sink.url}/elsewhere` }));
    for (let i = 0; i < 6; i++) await spend();
    await attempted(1);
    expect(sink.arrivals.map(({ path }) => path)).toEqual(['/hook']);
    expect(await alerts()).toMatchObject([{ status: 'pending', last_outcome: 'status 307' }]);
  });

  it('that is private by now gets nothing, though its address was good when it was set (P29, D5)', async () => {
    await sendTo(sink.url.replace('127.0.0.1', 'localhost'));
    for (let i = 0; i < 6; i++) await spend();
    await attempted(1);
    expect(sink.arrivals).toEqual([]);
    expect(await alerts()).toMatchObject([
      { status: 'pending', last_outcome: 'the address could not be reached' },
    ]);
  });
});

describe('an address that alerts are to be sent to', () => {
  it.each(['http://hooks.example.com/', 'ftp://hooks.example.com/', 'nonsense'])('is not %s', async (url) => {
    expect((await admin('', { method: 'PATCH', body: { alerts: { url } } })).status).toBe(400);
  });
});
