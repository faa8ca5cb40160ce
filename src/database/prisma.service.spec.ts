import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, execute, withDatabase, type TestDatabase } from '../../test/support/postgres.js';
import { DatabaseHealth } from './database-health.service.js';
import { DatabaseModule } from './database.module.js';
import { PrismaService } from './prisma.service.js';
import { isDatabaseUnavailable } from './unavailable.js';

let database: TestDatabase;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function prismaOn(url: string, poolSize = 1): PrismaService {
  const prisma = new PrismaService({ url, poolSize });
  closing.push(() => prisma.onApplicationShutdown());
  return prisma;
}

/** Address of a server that treats every connection in one way. */
async function fakeServer(treat: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    closing.push(() => socket.destroy());
    treat(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return `postgresql://a:b@127.0.0.1:${(server.address() as AddressInfo).port}/c`;
}

type Use = (prisma: PrismaService) => Promise<unknown>;

/** The ways in which the rooms above use Prisma; each meets errors on another path. */
const uses: Record<string, Use> = {
  'a model query': (prisma) => prisma.tenant.findFirst(),
  'a raw query': (prisma) => prisma.$queryRaw`SELECT 1`,
  'a batch': (prisma) => prisma.$transaction([prisma.tenant.count()]),
  'a transaction': (prisma) => prisma.$transaction((transaction) => transaction.tenant.count()),
};

describe('isDatabaseUnavailable, on every way to use Prisma', () => {
  async function expectUnavailable(attempt: (use: Use) => Promise<unknown>): Promise<void> {
    const judged = Object.entries(uses).map(async ([name, use]) => {
      const error = await attempt(use).catch((caught: unknown) => caught);
      return [name, isDatabaseUnavailable(error) || String(error)];
    });
    const expected = Object.keys(uses).map((name) => [name, true]);
    expect(await Promise.all(judged)).toEqual(expected);
  }

  it('is true when nobody listens', async () => {
    await expectUnavailable((use) => use(prismaOn('postgresql://a:b@127.0.0.1:1/c')));
  });

  it('is true when the host has no address', async () => {
    await expectUnavailable((use) => use(prismaOn('postgresql://a:b@nowhere.invalid/c')));
  });

  it('is true when the server never answers', async () => {
    const url = await fakeServer(() => undefined);
    await expectUnavailable((use) => use(prismaOn(url)));
  });

  it('is true when the server resets the connection', async () => {
    const url = await fakeServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    await expectUnavailable((use) => use(prismaOn(url)));
  });

  it('is true when the server closes the connection', async () => {
    const url = await fakeServer((socket) => socket.once('data', () => socket.end()));
    await expectUnavailable((use) => use(prismaOn(url)));
  });

  it('is true when the server is full', async () => {
    const full = await createTestDatabase();
    closing.push(() => full.drop());
    await execute(full.url, `ALTER DATABASE ${nameOf(full)} CONNECTION LIMIT 0`);
    await expectUnavailable((use) => use(prismaOn(full.url)));
  });

  it('is true when the pool is used up', async () => {
    await expectUnavailable(async (use) => {
      const prisma = prismaOn(database.url);
      const release = await hold(prisma);
      return use(prisma).finally(release);
    });
  });

  it('is true when the server ends the connection under a query', async () => {
    const release = await hold(prismaOn(database.url), 'tenants');
    const ended = expectUnavailable((use) => {
      const prisma = prismaOn(database.url);
      return use === uses['a raw query'] ? prisma.$queryRaw`SELECT pg_sleep(9)::text` : use(prisma);
    });
    await endSessions('active', Object.keys(uses).length);
    await ended;
    await release();
  });
});

/** Keeps a connection, and with it the table of tenants if asked, until the returned function is called. */
async function hold(prisma: PrismaService, table?: 'tenants'): Promise<() => Promise<void>> {
  const release = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const transaction = prisma.$transaction(async (inside) => {
    if (table) await inside.$executeRaw`LOCK TABLE tenants`;
    else await inside.$queryRaw`SELECT 1`;
    held.resolve();
    await release.promise;
  });
  await held.promise;
  return async () => {
    release.resolve();
    await transaction;
  };
}

/** Ends the gateway's sessions in this state, as soon as there are so many. */
async function endSessions(state: 'idle' | 'active', count: number): Promise<void> {
  const admin = prismaOn(withDatabase(database.url, 'postgres'));
  const found = () => admin.$queryRaw<{ pid: number }[]>`SELECT pid FROM pg_stat_activity
    WHERE datname = ${nameOf(database)} AND application_name = 'cerebro' AND state = ${state}`;
  await expect.poll(found).toHaveLength(count);
  for (const { pid } of await found()) await admin.$queryRaw`SELECT pg_terminate_backend(${pid}::int)`;
}

function nameOf({ url }: TestDatabase): string {
  return new URL(url).pathname.slice(1);
}

describe('PrismaService', () => {
  it('does not mistake a fault of the request for an outage', async () => {
    const prisma = prismaOn(database.url);
    await prisma.tenant.create({ data: { id: 'ten_1', name: 'One' } });
    const faults = [
      prisma.tenant.create({ data: { id: 'ten_1', name: 'Again' } }),
      prisma.tenant.update({ where: { id: 'ten_2' }, data: { name: 'Two' } }),
      prisma.$queryRaw`SELEKT 1`,
    ];
    for (const fault of faults) {
      const error = await fault.then(
        () => undefined,
        (caught: unknown) => caught,
      );
      expect(error).toBeInstanceOf(Error);
      expect(isDatabaseUnavailable(error), String(error)).toBe(false);
    }
  });

  it('outlives the loss of an idle connection', async () => {
    const prisma = prismaOn(database.url);
    expect(await prisma.tenant.count({ where: { id: 'none' } })).toBe(0);
    await endSessions('idle', 1);
    await expect.poll(() => prisma.tenant.count({ where: { id: 'none' } }).catch(() => -1)).toBe(0);
  });

  it('closes its connections when the application closes', async () => {
    const own = await createTestDatabase();
    closing.push(() => own.drop());
    const app = await NestFactory.createApplicationContext(
      DatabaseModule.forRoot({ url: own.url, poolSize: 3 }),
      { logger: false },
    );
    const prisma = app.get(PrismaService);
    await Promise.all([prisma.tenant.count(), prisma.tenant.count(), prisma.tenant.count()]);
    expect(await app.get(DatabaseHealth).check()).toBe('ok');
    await app.close();
    const admin = prismaOn(withDatabase(own.url, 'postgres'));
    await expect
      .poll(() => admin.$queryRaw`SELECT 1 FROM pg_stat_activity WHERE datname = ${nameOf(own)}`)
      .toEqual([]);
  });
});
