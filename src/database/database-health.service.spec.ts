import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, execute, type TestDatabase } from '../../test/support/postgres.js';
import { DatabaseHealth } from './database-health.service.js';
import { migrationNames, migrationsFolder } from './migration-files.js';

let database: TestDatabase;
let migrations: string[];
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  migrations = await migrationNames(migrationsFolder);
});
afterAll(() => database.drop());
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function healthOf(url: string, names = migrations): DatabaseHealth {
  const health = new DatabaseHealth({ url }, names);
  closing.push(() => health.onApplicationShutdown());
  return health;
}

/** A server that takes connections and never says a word. */
async function silentServer(): Promise<{ url: string; server: Server; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    closing.push(() => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `postgresql://a:b@127.0.0.1:${port}/c`, server, connections: () => connections };
}

describe('DatabaseHealth', () => {
  it('is ok when every migration is there', async () => {
    expect(await healthOf(database.url).check()).toBe('ok');
  });

  it('tells of migrations that the database lacks', async () => {
    expect(await healthOf(database.url, [...migrations, '9_newer']).check()).toBe('migrations_pending');
    const empty = await createTestDatabase({ empty: true });
    closing.push(() => empty.drop());
    expect(await healthOf(empty.url).check()).toBe('migrations_pending');
  });

  it('tells of a database that can only be read, as a standby after a failover (H5)', async () => {
    const readOnly = await createTestDatabase();
    closing.push(() => readOnly.drop());
    const name = new URL(readOnly.url).pathname.slice(1);
    await execute(database.url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    expect(await healthOf(readOnly.url).check()).toBe('read-only');
    await execute(database.url, `ALTER DATABASE ${name} RESET default_transaction_read_only`);
    expect(await healthOf(readOnly.url).check()).toBe('ok');
  });

  it('logs once that it is not ready, and once that it is again', async () => {
    const missing = [...migrations];
    const health = healthOf(database.url, missing);
    const warn = vi.spyOn(Logger.prototype, 'warn');
    const log = vi.spyOn(Logger.prototype, 'log');
    closing.push(() => vi.restoreAllMocks());
    const checks = async () => [await health.check(), await health.check()];
    await checks();
    expect([...warn.mock.calls, ...log.mock.calls]).toEqual([]);
    missing.push('9_newer');
    await checks();
    missing.pop();
    await checks();
    expect(warn.mock.calls).toEqual([['The database is not ready: it lacks the migrations 9_newer']]);
    expect(log.mock.calls).toEqual([['The database is ready again']]);
  });

  it('is ok with migrations that only a newer version knows (H6)', async () => {
    expect(await healthOf(database.url, migrations.slice(0, -1)).check()).toBe('ok');
  });

  it('is down when nobody listens', async () => {
    const { url, server } = await silentServer();
    server.close();
    await once(server, 'close');
    expect(await healthOf(url).check()).toBe('down');
  });

  it('is down when the server does not answer', async () => {
    expect(await healthOf((await silentServer()).url).check()).toBe('down');
  });

  it('asks once for simultaneous calls, and anew for a later one', async () => {
    const { url, connections } = await silentServer();
    const health = healthOf(url);
    expect(await Promise.all([health.check(), health.check(), health.check()])).toEqual([
      'down',
      'down',
      'down',
    ]);
    expect(connections()).toBe(1);
    await health.check();
    expect(connections()).toBe(2);
  });

  it('is ok again after its connection was cut', async () => {
    const health = healthOf(database.url);
    expect(await health.check()).toBe('ok');
    await execute(
      database.url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cerebro-health'",
    );
    await expect.poll(() => health.check()).toBe('ok');
  });
});
