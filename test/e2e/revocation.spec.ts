// Revoked on one node, refused on the other; and what runs under a key or tenant that has ended is ended.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CredentialsRepository } from '../../src/auth/credentials.repository.js';
import { KeyUses } from '../../src/auth/key-uses.service.js';
import { withSession } from '../../src/database/migrations.js';
import { ADMIN_KEY, eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';
import { execute } from '../support/postgres.js';
import { chat, openStream } from '../support/stream-reader.js';

let a: TestGateway;
let b: TestGateway;
beforeAll(async () => {
  const settings = { models: ['*'], createsPerMinute: 1_000_000 };
  a = await startTestGateway({ settings });
  b = await startTestGateway({ settings, beside: a });
});
afterAll(async () => {
  await b.close();
  await a.close();
});
afterEach(async () => {
  await expectOneBill(a);
  await startAnew(a);
});

interface Made {
  readonly tenantId: string;
  readonly keyId: string;
  readonly key: string;
}

const admin = (path: string, method: string, body?: object) => a.send(path, { method, body, key: ADMIN_KEY });

async function made(): Promise<Made> {
  const { id: tenantId }: { id: string } = (await admin('/admin/tenants', 'POST', { name: 'Acme' })).json;
  const path = `/admin/tenants/${tenantId}/keys`;
  const { id: keyId, key }: { id: string; key: string } = (await admin(path, 'POST', { name: 'k' })).json;
  return { tenantId, keyId, key };
}

const works = async (node: TestGateway, key: string) =>
  (await node.send('/v1/models', { key })).status === 200;

/** The ways in which a key ends, on node A. */
const ENDS: [string, (made: Made) => Promise<unknown>][] = [
  ['revoked', ({ tenantId, keyId }) => admin(`/admin/tenants/${tenantId}/keys/${keyId}`, 'DELETE')],
  ['rotated', ({ tenantId, keyId }) => admin(`/admin/tenants/${tenantId}/keys/${keyId}/rotate`, 'POST', {})],
  ['suspended', ({ tenantId }) => admin(`/admin/tenants/${tenantId}`, 'PATCH', { suspended: true })],
  ['deleted', ({ tenantId }) => admin(`/admin/tenants/${tenantId}`, 'DELETE')],
];

describe.each(ENDS)('a key that is %s on one node', (_, end) => {
  it('is refused on the other within a second, which trusted it (E6, E17, P13)', async () => {
    const own = await made();
    expect(await works(a, own.key)).toBe(true);
    expect(await works(b, own.key)).toBe(true);
    await end(own);
    expect(await works(a, own.key), 'on the node that did it, at once').toBe(false);
    await eventually('refused', async () => !(await works(b, own.key)), 1000);
  });

  it('has its streams on the other ended at the next chunk, and its predictions cancelled (E8)', async () => {
    const own = await made();
    a.sandbox.script({ run: 20_000, output: Array.from({ length: 200 }, (__, at) => `piece ${at} `) });
    const stream = await openStream({ url: b.url, key: own.key }, chat('Tell me.'));
    await eventually('pieces come', () => stream.pieces.length > 2);
    await end(own);
    await stream.toEnd();
    expect(stream.text).toContain('invalid_api_key');
    expect(stream.isDone).toBe(false);
    expect(stream.pieces.length).toBeLessThan(100);
    await eventually(
      'cancelled',
      () => a.sandbox.bill.entries.every(({ status }) => status === 'canceled'),
      2000,
    );
  });

  it('has its calls on the other ended that wait for a cold boot', async () => {
    const own = await made();
    a.sandbox.script({ boot: 20_000 });
    const asking = b.complete({}, { key: own.key });
    await eventually('the create arrived', () => a.sandbox.bill.creates === 1);
    await end(own);
    const { status, json } = await asking;
    expect(status).toBe(401);
    expect(json).toMatchObject({ error: { code: 'invalid_api_key' } });
    await eventually('cancelled', () => a.sandbox.bill.entries.every(({ completedAt }) => completedAt), 3000);
  });

  it('has the predictions ended that run for it alone, until it comes back (E17)', async () => {
    const own = await made();
    a.sandbox.script({ boot: 60_000 });
    const leaving = new AbortController();
    const headers = { 'idempotency-key': randomUUID() };
    const asking = b.complete({}, { key: own.key, headers, signal: leaving.signal });
    await eventually('the create arrived', () => a.sandbox.bill.creates === 1);
    leaving.abort();
    await expect(asking).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(
      a.sandbox.bill.entries.every(({ completedAt }) => completedAt),
      'it is left running',
    ).toBe(false);
    await end(own);
    await eventually('cancelled', () => a.sandbox.bill.entries.every(({ completedAt }) => completedAt));
  }, 20_000);
});

it('a key whose grace is over has its streams on the other node ended too, though nobody tells of it', async () => {
  const own = await made();
  a.sandbox.script({ run: 20_000, output: Array.from({ length: 200 }, (__, at) => `piece ${at} `) });
  const stream = await openStream({ url: b.url, key: own.key }, chat('Tell me.'));
  await eventually('pieces come', () => stream.pieces.length > 2);
  const path = `/admin/tenants/${own.tenantId}/keys/${own.keyId}/rotate`;
  expect((await admin(path, 'POST', { grace_seconds: 2 })).status).toBe(201);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(stream.end, 'it runs on within the grace').toBeUndefined();
  await stream.toEnd();
  expect(stream.text).toContain('invalid_api_key');
  expect(stream.isDone).toBe(false);
  await eventually(
    'cancelled',
    () => a.sandbox.bill.entries.every(({ status }) => status === 'canceled'),
    3000,
  );
}, 30_000);

describe('while changes are not heard of', () => {
  const connections =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cerebro-notifications' AND datname = current_database()";

  it('a revocation counts as soon as the connection is known to be lost (E7)', async () => {
    const own = await made();
    expect(await works(b, own.key)).toBe(true);
    // Nobody is told of it.
    await execute(
      a.databaseUrl,
      `ALTER TABLE api_keys DISABLE TRIGGER api_keys_notify;
       UPDATE api_keys SET revoked_at = now() WHERE id = '${own.keyId}';
       ALTER TABLE api_keys ENABLE TRIGGER api_keys_notify`,
    );
    expect(await works(b, own.key)).toBe(true);
    await execute(a.databaseUrl, connections);
    await eventually('refused', async () => !(await works(b, own.key)), 2000);
  });

  it('and running streams are looked at when it is there again', async () => {
    const own = await made();
    a.sandbox.script({ run: 20_000, output: Array.from({ length: 200 }, (__, at) => `piece ${at} `) });
    const stream = await openStream({ url: b.url, key: own.key }, chat('Tell me.'));
    await eventually('pieces come', () => stream.pieces.length > 2);
    await execute(
      a.databaseUrl,
      `ALTER TABLE api_keys DISABLE TRIGGER api_keys_notify;
       UPDATE api_keys SET revoked_at = now() WHERE id = '${own.keyId}';
       ALTER TABLE api_keys ENABLE TRIGGER api_keys_notify`,
    );
    await execute(a.databaseUrl, connections);
    await stream.toEnd();
    expect(stream.text).toContain('invalid_api_key');
    await eventually('cancelled', () => a.sandbox.bill.entries.every(({ completedAt }) => completedAt), 3000);
  });
});

it('other keys of the tenant work on, and so do its running calls', async () => {
  const own = await made();
  const path = `/admin/tenants/${own.tenantId}/keys`;
  const { id }: { id: string } = (await admin(path, 'POST', { name: 'other' })).json;
  a.sandbox.script({ boot: 1000 });
  const asking = b.complete({}, { key: own.key });
  await eventually('the create arrived', () => a.sandbox.bill.creates === 1);
  await admin(`${path}/${id}`, 'DELETE');
  await admin(`/admin/tenants/${own.tenantId}`, 'PATCH', { name: 'Acme II' });
  expect((await asking).status).toBe(200);
});

it('the last use of a key is written now and then, not with each request', async () => {
  const own = await made();
  const writes = vi.spyOn(b.app.nest.get(CredentialsRepository), 'noteUses');
  for (let use = 0; use < 200; use++) expect(await works(b, own.key)).toBe(true);
  await b.app.nest.get(KeyUses).flush();
  expect(writes.mock.calls.length).toBeLessThanOrEqual(2);
  const { rows } = await withSession(a.databaseUrl, (session) =>
    session.query<{ age: number }>(
      `SELECT extract(epoch FROM now() - last_used_at)::float8 AS age FROM api_keys WHERE id = '${own.keyId}'`,
    ),
  );
  expect(rows[0]?.age).toBeLessThan(60);
  expect(await works(b, own.key), 'and does not make the key looked up again').toBe(true);
  writes.mockRestore();
});
