// Alerts from the settlement that writes them to the endpoint that takes them: a real database, two nodes, loopback.
import { createSecretKey, randomBytes } from 'node:crypto';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GuardedSender } from '../egress/guarded.sender.js';
import { alertSecretContext } from '../vault/contexts.js';
import { Vault } from '../vault/vault.service.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { AlertCourier } from './alert-courier.service.js';
import { AlertDeliverer } from './alert-deliverer.service.js';
import { BudgetAlertsRepository } from './budget-alerts.repository.js';
import { type LedgerDatabase, startLedger } from './ledger.fixture.js';
import { startWebhookSink, status, type WebhookSink } from './webhook-sink.fixture.js';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const vault = new Vault([{ version: 1, key: createSecretKey(randomBytes(32)) }]);

let ledger: LedgerDatabase;
let sink: WebhookSink;
let sender: GuardedSender;
let nodes: AlertDeliverer[];
beforeAll(async () => (ledger = await startLedger()));
afterAll(() => ledger.close());
beforeEach(async () => {
  sink = await startWebhookSink();
  sender = new GuardedSender({ privateHosts: [sink.host] });
  const alerts = new BudgetAlertsRepository(ledger.prisma, ledger.tenants);
  nodes = [1, 2].map(() => new AlertDeliverer(alerts, new AlertCourier(sender, vault), new Telemetry()));
  await ledger.sql('DELETE FROM budget_alerts; DELETE FROM accounts; DELETE FROM predictions');
  for (const tenantId of ['ten_a', 'ten_z']) await subscribe(tenantId, `${sink.url}/${tenantId}`);
});
afterEach(async () => {
  await sink.close();
  await Promise.all(nodes.map((node) => node.onModuleDestroy()));
  await sender.close();
});

const subscribe = (id: string, alertUrl: string, alertSecret = vault.seal(SECRET, alertSecretContext(id))) =>
  ledger.prisma.tenant.update({
    where: { id },
    data: { alertUrl, alertSecret, monthlyBudgetNanos: 10_000_000n, suspendedAt: null, deletedAt: null },
  });
/** One look of each node, at the same time, and all that comes of it. */
const look = () =>
  Promise.all(
    nodes.map(async (node) => {
      await node.look();
      await node.settled();
    }),
  );
const alerts = () =>
  ledger.prisma.budgetAlert.findMany({ orderBy: [{ tenantId: 'asc' }, { threshold: 'asc' }] });
const due = () =>
  ledger.sql('UPDATE budget_alerts SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL');
/** One alert of a tenant that waits. */
const put = (id: string, tenantId = 'ten_a', threshold = 80) =>
  ledger.sql(`INSERT INTO budget_alerts (id, tenant_id, account_id, period, threshold, budget_nanos, spent_nanos)
    VALUES ('${id}', '${tenantId}', '${tenantId}', '2026-11', ${threshold}, 100000000000, 80250000001)`);
const waitMs = async (id: string) => {
  const row = await ledger.prisma.budgetAlert.findUniqueOrThrow({ where: { id } });
  return (row.nextAttemptAt?.getTime() ?? NaN) - Date.now();
};

describe('an alert', () => {
  it('is written by what passes its threshold, and delivered once by two nodes', async () => {
    await ledger.use({ heldNanos: 8_500_000n, costNanos: 8_500_000n });
    await ledger.use({ heldNanos: 100n, costNanos: 100n });
    await look();
    expect(sink.arrivals.map(({ path }) => path)).toEqual(Array(2).fill('/hook/ten_a'));
    const facts = sink.arrivals.map(({ body }) => (JSON.parse(body) as { data: object }).data);
    const common = {
      tenant_id: 'ten_a',
      scope: 'tenant',
      account_id: 'ten_a',
      budget_usd: 0.01,
      spent_usd: 0.0085,
    };
    expect(facts).toEqual(
      expect.arrayContaining(
        [50, 80].map((threshold_percent) => ({
          ...common,
          threshold_percent,
          period: new Date().toISOString().slice(0, 7),
        })),
      ),
    );
    await look();
    expect(sink.arrivals).toHaveLength(2);
    expect((await alerts()).map(({ attempts, lastOutcome }) => [attempts, lastOutcome])).toEqual([
      [1, 'status 200'],
      [1, 'status 200'],
    ]);
  });

  it('is signed so that a receiver that we have not written finds it good', async () => {
    await put('evt_1');
    await look();
    const [arrival] = sink.arrivals;
    if (!arrival) throw new Error('nothing came');
    const client = new OpenAI({ apiKey: 'none' });
    const event: unknown = await client.webhooks.unwrap(arrival.body, arrival.headers, SECRET);
    expect(event).toEqual({
      type: 'budget.threshold_reached',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      data: {
        ...{ tenant_id: 'ten_a', scope: 'tenant', account_id: 'ten_a', period: '2026-11' },
        ...{ threshold_percent: 80, budget_usd: 100, spent_usd: 80.250000001 },
      },
    });
    expect(arrival.headers).toMatchObject({ 'webhook-id': 'evt_1', 'content-type': 'application/json' });
    await expect(client.webhooks.unwrap(`${arrival.body} `, arrival.headers, SECRET)).rejects.toThrow();
  });

  it.each([500, 503, 404, 400, 302, 307])(
    'that is answered with %i is sent again, with the same id (G10)',
    async (code) => {
      await put('evt_1');
      sink.script(status(code, { location: `${sink.url}/elsewhere` }), status(code));
      for (let attempt = 1; attempt <= 3; attempt++) {
        await look();
        expect(sink.arrivals).toHaveLength(attempt);
        if (attempt === 1) expect(await waitMs('evt_1')).toBeGreaterThan(2000);
        if (attempt === 2) expect(await waitMs('evt_1')).toBeGreaterThan(20_000);
        await due();
      }
      await look();
      expect(sink.arrivals.map(({ headers, path }) => [headers['webhook-id'], path])).toEqual(
        Array(3).fill(['evt_1', '/hook/ten_a']),
      );
      expect(await alerts()).toMatchObject([{ attempts: 3, lastOutcome: 'status 200', nextAttemptAt: null }]);
    },
  );

  it('waits as long as its endpoint asks for', async () => {
    await put('evt_1');
    sink.script(status(429, { 'retry-after': '3600' }));
    await look();
    expect(await waitMs('evt_1')).toBeGreaterThan(3_500_000);
  });

  it('that is answered with 410 is the last one: the address is taken from the tenant (G10)', async () => {
    await put('evt_1');
    await put('evt_2', 'ten_a', 100);
    sink.script(410);
    await nodes[0]?.look();
    await nodes[0]?.settled();
    await look();
    expect(sink.arrivals).toHaveLength(1);
    expect((await ledger.prisma.tenant.findUniqueOrThrow({ where: { id: 'ten_a' } })).alertUrl).toBeNull();
    expect((await alerts()).map(({ nextAttemptAt }) => nextAttemptAt)).toEqual([null, null]);
  });

  it('is sent again when a node has died over it (G11)', async () => {
    await put('evt_1');
    const repository = new BudgetAlertsRepository(ledger.prisma, ledger.tenants);
    expect(await repository.claim(10, [], 60_000)).toHaveLength(1);
    await look();
    expect(sink.arrivals).toHaveLength(0);
    await due();
    await look();
    expect(sink.arrivals.map(({ headers }) => headers['webhook-id'])).toEqual(['evt_1']);
  });

  it('that another node has taken since is not changed by a verdict that comes late', async () => {
    await put('evt_1');
    const repository = new BudgetAlertsRepository(ledger.prisma, ledger.tenants);
    const [late] = await repository.claim(10, [], 60_000);
    await due();
    await repository.claim(10, [], 60_000);
    if (!late) throw new Error('nothing was due');
    await repository.failed(late, 'too late', undefined);
    expect((await alerts())[0]).toMatchObject({ attempts: 2, lastOutcome: null });
    await repository.delivered(late, 'status 200');
    expect((await alerts())[0]?.nextAttemptAt).toBeNull();
  });

  it('is given up after three days', async () => {
    await put('evt_1');
    await ledger.sql(
      "UPDATE budget_alerts SET created_at = now() - interval '71 hours 59 minutes 58 seconds'",
    );
    sink.script(500);
    await look();
    expect(await alerts()).toMatchObject([
      { nextAttemptAt: null, deliveredAt: null, lastOutcome: 'status 500' },
    ]);
  });

  it('goes to no private address, whatever stands in the database, and says no more than of any other (P29, D5)', async () => {
    const words = new Set<string | null>();
    for (const address of [
      'http://127.0.0.1:9/',
      'https://169.254.169.254/',
      'http://example.com/',
      'https://nobody.invalid/',
    ]) {
      await ledger.sql('DELETE FROM budget_alerts');
      await subscribe('ten_a', address);
      await put('evt_1');
      await look();
      const [alert] = await alerts();
      words.add(alert?.lastOutcome ?? null);
      expect(alert?.nextAttemptAt).not.toBeNull();
    }
    expect([...words]).toEqual(['the address could not be reached']);
  });

  it('is not sent unsigned', async () => {
    await put('evt_1');
    await subscribe('ten_a', sink.url, vault.seal(SECRET, alertSecretContext('ten_z')));
    await look();
    expect(await alerts()).toMatchObject([{ lastOutcome: 'it could not be signed' }]);
    await subscribe('ten_a', sink.url, vault.seal('whsec_', alertSecretContext('ten_a')));
    await due();
    await look();
    expect(sink.arrivals).toHaveLength(0);
  });

  it('of a tenant that is deleted is not sent, and of one that is suspended waits (E17)', async () => {
    await put('evt_1');
    await put('evt_2', 'ten_z');
    await ledger.sql("UPDATE tenants SET deleted_at = now() WHERE id = 'ten_a'");
    await ledger.sql("UPDATE tenants SET suspended_at = now() WHERE id = 'ten_z'");
    await look();
    expect(sink.arrivals).toHaveLength(0);
    expect(await alerts()).toMatchObject([
      { nextAttemptAt: null, lastOutcome: 'no address to send it to' },
      { attempts: 0, lastOutcome: null },
    ]);
    await ledger.sql("UPDATE tenants SET suspended_at = NULL WHERE id = 'ten_z'");
    await look();
    expect(sink.arrivals).toHaveLength(1);
  });
});

describe('an endpoint that is dead', () => {
  it('delays nobody, and is asked one thing at a time by a node (G13)', async () => {
    const tenants = Array.from({ length: 30 }, (_, index) => `ten_${index + 10}`);
    for (const id of tenants) {
      await ledger.addTenant(id, []);
      await subscribe(id, `${sink.url}/${id}`);
    }
    await ledger.sql(`INSERT INTO budget_alerts (id, tenant_id, account_id, period, threshold, budget_nanos, spent_nanos,
        created_at, next_attempt_at)
      SELECT 'evt_' || n, 'ten_a', 'ten_a', 'total', n, 1, 1, now() - interval '1 hour', now() - interval '1 hour'
      FROM generate_series(1, 10000) AS n`);
    let most = 0;
    let toDead = 0;
    const [node] = nodes;
    if (!node) throw new Error('no node');
    sink.script(
      ...Array.from(
        { length: 200 },
        () =>
          (response: Parameters<ReturnType<typeof status>>[0], { path }: { path: string }) => {
            if (path !== '/hook/ten_a') return void response.writeHead(200).end();
            toDead += 1;
            most = Math.max(most, toDead);
            response.on('close', () => (toDead -= 1));
          },
      ),
    );
    await node.look();
    for (const id of tenants) await put(`evt_${id}`, id);
    await node.look();
    const others = () => sink.arrivals.filter(({ path }) => path !== '/hook/ten_a');
    for (let tries = 0; others().length < tenants.length && tries < 500; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(new Set(others().map(({ path }) => path)).size).toBe(tenants.length);
    expect([most, toDead]).toEqual([1, 1]);
  });
});
