// A database that goes away and comes back: callers are told to come again, never that their key is wrong.
import { createServer, type Server, type Socket, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintKey } from '../../src/auth/key.js';
import { ADMIN_KEY, eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

/** A way to the database that can be cut. */
class Cable {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  port = 0;

  constructor(private readonly target: URL) {}

  async plug(): Promise<void> {
    this.server = createServer((from) => {
      const to = connect(Number(this.target.port), this.target.hostname);
      for (const socket of [from, to]) {
        this.sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => this.sockets.delete(socket));
      }
      from.pipe(to).pipe(from);
      from.on('close', () => to.destroy());
      to.on('close', () => from.destroy());
    });
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as { port: number }).port;
  }

  async pull(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

let database: TestDatabase;
let cable: Cable;
let gateway: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  cable = new Cable(new URL(database.url));
  await cable.plug();
  const url = new URL(database.url);
  url.port = String(cable.port);
  gateway = await startTestGateway({ settings: { databaseUrl: url.href } });
});
afterAll(async () => {
  await gateway.close();
  await cable.pull();
  await database.drop();
});

const readiness = async () => (await gateway.send('/readyz', { key: null })).status;

describe('without its database', () => {
  it('a gateway answers 503 to keys that it cannot look up, and sends nothing that it cannot write down (H1, H5)', async () => {
    expect((await gateway.complete()).status).toBe(200);
    expect(await readiness()).toBe(200);
    await cable.pull();
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
      await cable.plug();
    }
  });

  it('and is itself again as soon as the database is back', async () => {
    await eventually('ready', async () => (await readiness()) === 200);
    expect((await gateway.complete({}, { key: mintKey() })).status).toBe(401);
    expect((await gateway.complete()).status).toBe(200);
    expect((await gateway.send('/admin/tenants', { key: ADMIN_KEY })).status).toBe(200);
  });
});
