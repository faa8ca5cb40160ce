import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type OwnServer, startOwnServer } from '../../test/support/own-server.js';
import { databaseClient, refusesLogin } from './database.client.js';
import { ListeningConnection } from './notifications.connection.js';
import { PrismaService } from './prisma.service.js';
import { isDatabaseUnavailable } from './unavailable.js';

let server: OwnServer;
beforeAll(async () => {
  server = await startOwnServer();
});
afterAll(() => server.stop());

/** What we believe to be the password. */
let ours: string;
let refusals: number;
beforeEach(async () => {
  refusals = 0;
  ours = 'first-password';
  await server.setPassword(ours);
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(() => Promise.all(closing.splice(0).map((close) => close())));

const access = () => ({
  url: server.url('password of the start'),
  currentUrl: () => server.url(ours),
  onRefused: () => void refusals++,
});

describe('a trial of a login', () => {
  it('tells a wrong password from a right one, and from a server that is not there', async () => {
    expect(await refusesLogin(server.url(ours))).toBe(false);
    expect(await refusesLogin(server.url('another-password'))).toBe(true);
    expect(await refusesLogin('postgresql://a:b@127.0.0.1:9/c')).toBe(false);
  });
});

describe('a pool of connections', () => {
  it('goes on under a new password, with which new connections are opened', async () => {
    const pool = new pg.Pool({ Client: databaseClient(access()), max: 2 });
    closing.push(() => pool.end());
    const held = await pool.connect();
    await server.setPassword('second-password');
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(refusals).toBe(1);
    ours = 'second-password';
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect((await held.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    held.release();
    expect(refusals).toBe(1);
  });

  it("is Prisma's too, for which a refused password means that the database cannot be had now", async () => {
    ours = 'not yet';
    const prisma = new PrismaService({ ...access(), poolSize: 1 });
    closing.push(() => prisma.$disconnect());
    for (const ask of [() => prisma.$queryRaw`SELECT 1`, () => prisma.direct`SELECT 1`]) {
      const error: unknown = await ask().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(isDatabaseUnavailable(error)).toBe(true);
    }
    expect(refusals).toBe(2);
    ours = 'first-password';
    expect(await prisma.direct`SELECT 1 AS one`).toEqual([{ one: 1 }]);
  });
});

describe('a single connection', () => {
  it('tells of a refused password, and of nothing else', async () => {
    const connect = async (url: string) => {
      const Client = databaseClient({ ...access(), currentUrl: () => url });
      const client = new Client({ connectionTimeoutMillis: 2000 });
      closing.push(() => client.end());
      await client.connect();
    };
    await connect(server.url());
    await expect(connect(server.url('wrong'))).rejects.toMatchObject({ code: '28P01' });
    expect(refusals).toBe(1);
    await expect(connect('postgresql://a:b@127.0.0.1:9/c')).rejects.toThrow();
    expect(refusals).toBe(1);
  });

  it('that hears messages uses the password of now too', async () => {
    const lost: string[] = [];
    const events = { onMessage: () => undefined, onLost: (reason: string) => lost.push(reason) };
    ours = 'not yet';
    expect(await new ListeningConnection(access(), events).open()).toBe(false);
    expect([lost.length, refusals]).toEqual([1, 1]);
    ours = 'first-password';
    const connection = new ListeningConnection(access(), events);
    closing.push(() => connection.close());
    expect(await connection.open()).toBe(true);
  });
});
