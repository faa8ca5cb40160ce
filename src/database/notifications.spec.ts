import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { type AddressInfo, createServer, connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, execute, type TestDatabase } from '../../test/support/postgres.js';
import { ListeningConnection } from './notifications.connection.js';
import { Notifications } from './notifications.service.js';
import { PrismaService } from './prisma.service.js';

let database: TestDatabase;
let prisma: PrismaService;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  prisma = new PrismaService({ url: database.url, poolSize: 2 });
});
afterAll(async () => {
  await prisma.onApplicationShutdown();
  await database.drop();
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Asks again and again, as long as a busy machine may need. */
const eventually = <T>(ask: () => T) => expect.poll(ask, { timeout: 10_000 });

function node(url = database.url): Notifications {
  const notifications = new Notifications({ url }, prisma);
  closing.push(() => notifications.onApplicationShutdown());
  return notifications;
}

/** What arrives on a channel, from when the node hears it. */
async function hear(notifications: Notifications, channel: string): Promise<string[]> {
  const heard: string[] = [];
  let isHeard = false;
  const off = notifications.onReset(() => (isHeard ||= notifications.isListening));
  notifications.on(channel, (payload) => heard.push(payload));
  await eventually(() => isHeard).toBe(true);
  off();
  return heard;
}

const endListeners = () =>
  execute(
    database.url,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cerebro-notifications' AND datname = current_database()",
  );

const countListeners = async (): Promise<number> => {
  const [row] = await prisma.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM pg_stat_activity
    WHERE application_name = 'cerebro-notifications' AND datname = current_database()`;
  return row?.count ?? NaN;
};

/** A way to the database that can be blocked: bytes stop, and no connection ends. */
async function blockableWay(): Promise<{ url: string; block: () => void }> {
  const url = new URL(database.url);
  const target = { port: Number(url.port), host: url.hostname };
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(target);
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      sockets.push(socket);
    }
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    block: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
}

/** Address of a server that takes connections and never says a word. */
async function silentServer(): Promise<{ url: string; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    closing.push(() => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `postgresql://a:b@127.0.0.1:${port}/c`, connections: () => connections };
}

describe('Notifications', () => {
  it('brings a message to every node that hears its channel, and to no other channel', async () => {
    const [a, b] = [node(), node()];
    const [onA, onB, elsewhere] = [
      await hear(a, 'revoked'),
      await hear(b, 'revoked'),
      await hear(b, 'other'),
    ];
    await a.notify('revoked', 'key_1');
    await b.notify('revoked', "quote ' and ü");
    await b.notify('revoked', '');
    await eventually(() => onA).toEqual(['key_1', "quote ' and ü", '']);
    await eventually(() => onB).toEqual(onA);
    await a.notify('other', 'last');
    await eventually(() => elsewhere).toEqual(['last']);
    expect(onB).toHaveLength(3);
  });

  it('connects at the first listener, once for all', async () => {
    const notifications = node();
    await notifications.notify('revoked', 'unheard');
    expect(await countListeners()).toBe(0);
    await hear(notifications, 'one');
    await hear(notifications, 'two');
    expect(await countListeners()).toBe(1);
  });

  it('ends hearing for the listener that wants it, and for the others not', async () => {
    const notifications = node();
    const heard: string[] = [];
    const listener = (payload: string) => heard.push(payload);
    const off = notifications.on('news', listener);
    const offAgain = notifications.on('news', listener);
    await hear(notifications, 'end');
    await notifications.notify('news', '1');
    await eventually(() => heard).toEqual(['1', '1']);
    off();
    off();
    await notifications.notify('news', '2');
    await eventually(() => heard).toEqual(['1', '1', '2']);
    offAgain();
    const all = await hear(notifications, 'all');
    await notifications.notify('news', '3');
    await notifications.notify('all', 'sent later');
    await eventually(() => all).toEqual(['sent later']);
    expect(heard).toHaveLength(3);
  });

  it('hears a channel again that it had left', async () => {
    const notifications = node();
    notifications.on('news', () => undefined)();
    const heard = await hear(notifications, 'news');
    await eventually(async () => {
      await notifications.notify('news', 'x');
      return heard.length;
    }).toBeGreaterThan(0);
  });

  it('tells of messages that may have been missed: at the start, at a loss, and when it hears again', async () => {
    const notifications = node();
    const states: boolean[] = [];
    const off = notifications.onReset(() => states.push(notifications.isListening));
    const heard = await hear(notifications, 'news');
    await eventually(() => states).toEqual([true]);
    await endListeners();
    await eventually(() => states).toEqual([true, false, true]);
    await notifications.notify('news', 'after the loss');
    await eventually(() => heard).toEqual(['after the loss']);
    off();
    await endListeners();
    await eventually(() => notifications.isListening).toBe(false);
    await eventually(() => notifications.isListening).toBe(true);
    expect(states).toHaveLength(3);
  });

  it('tells when a further channel is heard', async () => {
    const notifications = node();
    await hear(notifications, 'one');
    let resets = 0;
    notifications.onReset(() => resets++);
    notifications.on('two', () => undefined);
    await eventually(() => resets).toBe(1);
  });

  it('still tells the others when one listener throws', async () => {
    const notifications = node();
    notifications.on('news', () => {
      throw new Error('mistake');
    });
    const heard = await hear(notifications, 'news');
    await notifications.notify('news', '1');
    await eventually(() => heard).toEqual(['1']);
  });

  it.each(['', 'A', 'a-b', 'a"b', "a'; DROP TABLE tenants; --", '1a', 'x'.repeat(64)])(
    'takes no channel called %j',
    async (channel) => {
      const notifications = node();
      expect(() => notifications.on(channel, () => undefined)).toThrow(RangeError);
      await expect(notifications.notify(channel, '')).rejects.toThrow(RangeError);
    },
  );

  it('leaves no connection when the application closes, and opens none later', async () => {
    const notifications = node();
    await hear(notifications, 'news');
    await notifications.onApplicationShutdown();
    await eventually(countListeners).toBe(0);
    notifications.on('other', () => undefined);
    await endListeners();
    expect(await countListeners()).toBe(0);
    expect(notifications.isListening).toBe(false);
  });

  it('closes while the database refuses, and while it is silent', async () => {
    const refused = node('postgresql://a:b@127.0.0.1:1/c');
    refused.on('news', () => undefined);
    const { url, connections } = await silentServer();
    const silent = node(url);
    silent.on('news', () => undefined);
    await eventually(connections).toBe(1);
    await refused.onApplicationShutdown();
    await silent.onApplicationShutdown();
    expect([refused.isListening, silent.isListening]).toEqual([false, false]);
  });

  it('closes though the server no longer answers', async () => {
    const { url, block } = await blockableWay();
    const notifications = node(url);
    await hear(notifications, 'news');
    block();
    await notifications.onApplicationShutdown();
    expect(notifications.isListening).toBe(false);
  });

  it('comes to hear when the database comes up late', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const url = new URL(database.url);
    const target = { port: Number(url.port), host: url.hostname };
    url.port = String(port);
    const notifications = node(url.href);
    notifications.on('news', () => undefined);
    await once(server, 'connection');
    expect(notifications.isListening).toBe(false);
    server.removeAllListeners('connection').on('connection', (near: Socket) => {
      const far = connect(target);
      near.pipe(far).pipe(near);
      closing.push(() => far.destroy());
    });
    closing.push(() => server.close());
    await eventually(() => notifications.isListening).toBe(true);
  });
});

describe('a listening connection', () => {
  it('is given up when the server no longer answers', async () => {
    const { url, block } = await blockableWay();
    const lost: string[] = [];
    const connection = new ListeningConnection(
      { url },
      { onMessage: () => undefined, onLost: (reason) => lost.push(reason) },
      { heartbeat: 50, answer: 1000 },
    );
    closing.push(() => connection.close());
    expect(await connection.open()).toBe(true);
    expect(await connection.listen('news')).toBe(true);
    block();
    await eventually(() => lost).toEqual(['Query read timeout']);
    expect(await connection.listen('other')).toBe(false);
  });
});
