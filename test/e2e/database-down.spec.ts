// A database that goes away and comes back: callers are told to come again, never that their key is wrong.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintKey } from '../../src/auth/key.js';
import { withSession } from '../../src/database/migrations.js';
import { ADMIN_KEY, eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger } from '../support/ledger.js';
import { chat, openStream } from '../support/stream-reader.js';
import { LoadBalancer } from '../support/load-balancer.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let cable: LoadBalancer;
let gateway: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  cable = await LoadBalancer.open();
  plug();
  const url = new URL(database.url);
  url.port = new URL(cable.url).port;
  gateway = await startTestGateway({ settings: { databaseUrl: url.href } });
});
afterAll(async () => {
  await gateway.close();
  await cable.close();
  await database.drop();
});

function plug(): void {
  cable.target = database.url;
}

function pull(): void {
  cable.target = '';
  cable.reset();
}

const readiness = async () => (await gateway.send('/readyz', { key: null })).status;

describe('without its database', () => {
  it('a gateway answers 503 to keys that it cannot look up, and sends nothing that it cannot write down (H1, H5)', async () => {
    expect((await gateway.complete()).status).toBe(200);
    expect(await readiness()).toBe(200);
    pull();
    try {
      const unknown = await gateway.complete({}, { key: mintKey() });
      expect(unknown.status).toBe(503);
      expect(unknown.json).toMatchObject({ error: { type: 'server_error', code: 'database_unavailable' } });
      expect(unknown.headers).toMatchObject({ 'retry-after': '1', 'x-should-retry': 'true' });
      expect(unknown.text).not.toMatch(/prisma|postgres|127\.0\.0\.1|ECONN/i);
      const known = await gateway.complete();
      expect(known.status).toBe(503);
      expect(known.json).toMatchObject({ error: { code: 'database_unavailable' } });
      expect(gateway.sandbox.bill.creates).toBe(1);
      expect((await gateway.complete({}, { key: 'sk-malformed' })).status).toBe(401);
      expect((await gateway.send('/admin/tenants', { key: ADMIN_KEY })).status).toBe(503);
      expect((await gateway.send('/healthz', { key: null })).status).toBe(200);
      const ready = await gateway.send('/readyz', { key: null });
      expect(ready.status).toBe(503);
      expect(ready.json).toEqual({ status: 'unavailable', checks: { database: 'down' } });
    } finally {
      plug();
    }
  });

  it('knows the keys that it has just seen, for what costs nothing (E7)', async () => {
    await eventually('ready', async () => (await readiness()) === 200);
    expect((await gateway.send('/v1/models')).status).toBe(200);
    pull();
    try {
      for (let request = 0; request < 3; request++)
        expect((await gateway.send('/v1/models')).status).toBe(200);
      expect((await gateway.send('/v1/models', { key: mintKey() })).status).toBe(503);
    } finally {
      plug();
    }
  });

  it('and is itself again as soon as the database is back', async () => {
    await eventually('ready', async () => (await readiness()) === 200);
    expect((await gateway.complete({}, { key: mintKey() })).status).toBe(401);
    expect((await gateway.complete()).status).toBe(200);
    expect((await gateway.send('/admin/tenants', { key: ADMIN_KEY })).status).toBe(200);
  });

  it('gives the answer that was on its way, and writes its line when the database is back (F12, H1)', async () => {
    gateway.sandbox.script({ boot: 700 });
    const answer = gateway.complete();
    const before = gateway.sandbox.bill.creates;
    await eventually('the create arrived', () => gateway.sandbox.bill.creates > before);
    pull();
    try {
      expect((await answer).status).toBe(200);
    } finally {
      plug();
    }
    await expectOneBill({ databaseUrl: database.url, sandbox: gateway.sandbox });
  });
});

/** Makes the database what a standby is: it can be read, not written. Who was connected has to connect anew. */
const setReadOnly = (state: 'on' | 'off') =>
  withSession(database.url, async (session) => {
    await session.query('SET default_transaction_read_only = off');
    const { rows } = await session.query<{ name: string }>('SELECT quote_ident(current_database()) AS name');
    await session.query(`ALTER DATABASE ${rows[0]?.name} SET default_transaction_read_only = ${state}`);
    await session.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
  });

const unsettled = async () =>
  (await ledger({ databaseUrl: database.url })).filter(({ settled_at }) => settled_at === null).length;

describe('a database that can only be read: a failover has ended at a standby', () => {
  it('is one that is away: nothing is sent that cannot be written, and ends wait until they can (H5)', async () => {
    await expectOneBill({ databaseUrl: database.url, sandbox: gateway.sandbox });
    gateway.sandbox.script({ boot: 1500 });
    const creates = gateway.sandbox.bill.creates + 1;
    const answer = gateway.complete();
    await eventually('the create arrived', () => gateway.sandbox.bill.creates === creates);
    await setReadOnly('on');
    try {
      const checks = async () => (await gateway.send('/readyz', { key: null })).text;
      await eventually('said so', async () => (await checks()).includes('"database":"read-only"'));
      expect(await readiness()).toBe(503);
      // What only reads is answered, so that what follows is not said of connections that were just cut.
      await eventually('read', async () => (await gateway.complete({}, { key: mintKey() })).status === 401);
      for (let call = 0; call < 3; call++) {
        const refused = await gateway.complete({ prompt: `Call ${call}?` });
        expect(refused.status, refused.text).toBe(503);
        expect(refused.json).toMatchObject({ error: { code: 'database_unavailable' } });
        expect(refused.headers).toMatchObject({ 'retry-after': '1', 'x-should-retry': 'true' });
      }
      const admin = { method: 'POST', body: { name: 'Bolt' }, key: ADMIN_KEY };
      expect((await gateway.send('/admin/tenants', admin)).status).toBe(503);
      expect((await answer).status).toBe(200);
      expect(gateway.sandbox.bill.creates).toBe(creates);
      expect(await unsettled()).toBe(1);
    } finally {
      await setReadOnly('off');
    }
    await expectOneBill({ databaseUrl: database.url, sandbox: gateway.sandbox });
    expect(await unsettled()).toBe(0);
    await eventually('served', async () => (await gateway.complete()).status === 200);
    expect(gateway.sandbox.bill.creates).toBe(creates + 1);
  });
});

describe('a pool that is used up', () => {
  it('is told of soon, and no stream waits for it (H3)', async () => {
    const settings = { databasePoolSize: 1, models: ['*'], createsPerMinute: 1_000_000 };
    const small = await startTestGateway({ settings });
    try {
      expect((await small.complete()).status).toBe(200);
      const output = Array.from({ length: 40 }, (_, at) => `piece ${at} `);
      small.sandbox.script({ run: 4000, output });
      const stream = await openStream(small, chat('Tell me.'));
      await withSession(small.databaseUrl, async (session) => {
        // Whoever is to be admitted now holds the only connection, and waits.
        await session.query('BEGIN; SELECT 1 FROM accounts FOR UPDATE');
        const stuck = small.complete({ prompt: 'Stuck?' });
        await new Promise((resolve) => setTimeout(resolve, 300));
        const begun = performance.now();
        const refused = await small.send('/v1/files');
        expect(performance.now() - begun).toBeLessThan(4000);
        expect(refused.status).toBe(503);
        expect(refused.json).toMatchObject({ error: { code: 'database_unavailable' } });
        expect(refused.headers).toMatchObject({ 'retry-after': '1' });
        const before = stream.pieces.length;
        await eventually('the stream goes on', () => stream.pieces.length > before);
        await session.query('ROLLBACK');
        expect((await stuck).status).toBe(200);
      });
      await stream.toEnd();
      expect(stream.textOf()).toBe(output.join(''));
      await expectOneBill(small);
    } finally {
      await small.close();
    }
  });
});
