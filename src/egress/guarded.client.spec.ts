// Failures that must look alike, deadlines, proxies, and the bounds of the connections.
import { inspect } from 'node:util';
import { EnvHttpProxyAgent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  answer,
  type Answering,
  type Canary,
  closed,
  type RawServer,
  startCanary,
  startServer,
  zone,
} from './egress.fixture.js';
import { GuardedClient } from './guarded.client.js';
import type { EgressLimits } from './limits.js';
import type { Resolver } from './resolver.js';

let server: RawServer;
let behave: Answering;
let clients: GuardedClient[];
beforeEach(async () => {
  clients = [];
  behave = (socket) => socket.write(answer('200 OK', [], 'ok'));
  server = await startServer((socket, head) => behave(socket, head));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  await Promise.all(clients.map((client) => client.close()));
});

const records = {
  'images.corp': ['127.0.0.1'],
  'inside.example': ['127.0.0.1'],
  'mixed.example': ['1.1.1.1', '::1'],
};

function client(limits: Partial<EgressLimits> = {}, resolve: Resolver = zone(records)): GuardedClient {
  const made = new GuardedClient({
    privateHosts: ['127.0.0.1:9', `127.0.0.1:${server.port}`, 'images.corp', 'nowhere.corp'],
    resolve,
    limits: { failureFloorMs: 0, ...limits },
  });
  clients.push(made);
  return made;
}

/** A resolver that takes 30 s, as those of an attacker's zone may. */
const silent: Resolver = () => new Promise((done) => void setTimeout(done, 30_000, ['1.1.1.1']).unref());

const here = (path = '/') => `http://127.0.0.1:${server.port}${path}`;

describe('failures before an answer (D10)', () => {
  const floor = 250;
  const cases: [string, string, string, Resolver?][] = [
    ['a blocked IP address', 'http://169.254.169.254/', 'refused'],
    ['a name that leads inside', 'http://inside.example/', 'refused'],
    ['a name that also leads inside', 'http://mixed.example/', 'refused'],
    ['a port that is not allowed', 'http://example.com:22/', 'refused'],
    ['no address at all', 'nonsense', 'refused'],
    ['a port on which nobody listens', 'http://127.0.0.1:9/', 'unreachable'],
    ['a name that does not exist', 'http://nowhere.example/', 'unreachable'],
    ['a private name that does not exist', 'http://nowhere.corp/', 'unreachable'],
    ['a resolver that is silent', 'http://example.com/', 'timed_out', silent],
  ];

  it.each(cases)(
    'take the same least time, and the same words: %s',
    async (_case, address, reason, resolve) => {
      const start = performance.now();
      const failing = client({ failureFloorMs: floor, connectMs: 100 }, resolve).get(address, {
        maxBytes: 1,
      });
      await expect(failing).rejects.toMatchObject({ reason, message: 'The address could not be fetched.' });
      expect(performance.now() - start).toBeGreaterThanOrEqual(floor - 1);
    },
  );

  it('have no IP address in their message, nor a token anywhere (D4)', async () => {
    for (const address of ['http://127.0.0.1:9/x?token=s3cret', 'http://nowhere.example/?token=s3cret']) {
      const failure: unknown = await client()
        .get(address, { maxBytes: 1 })
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ reason: 'unreachable' });
      expect(String(failure)).not.toMatch(/127\.0\.0\.1|nowhere/);
      expect(inspect(failure, { depth: 9 })).not.toContain('s3cret');
    }
  });
});

describe('a deadline', () => {
  it('is shorter for the look-up and the connecting together', async () => {
    const hasty = client({ connectMs: 100 }, silent);
    await expect(hasty.get('http://example.com/', { maxBytes: 1 })).rejects.toMatchObject({
      reason: 'timed_out',
      cause: { code: 'UND_ERR_CONNECT_TIMEOUT', message: expect.stringContaining('100ms') as string },
    });
  });

  it('counts for DNS, though the look-up does not end', async () => {
    const hasty = client({ totalMs: 100, connectMs: 60_000 }, silent);
    await expect(hasty.get('http://example.com/', { maxBytes: 1 })).rejects.toMatchObject({
      reason: 'timed_out',
    });
  });

  it('counts for a request that waits for others to the same origin', async () => {
    behave = () => undefined;
    const narrow = client({ totalMs: 300, connectionsPerOrigin: 2 });
    const all = await Promise.allSettled(
      Array.from({ length: 5 }, () => narrow.get(here(), { maxBytes: 9 })),
    );
    expect(all.map((one) => one.status === 'rejected' && (one.reason as { reason: string }).reason)).toEqual(
      Array(5).fill('timed_out'),
    );
    // The others were not sent at all.
    expect(server.heads.length).toBeLessThanOrEqual(2);
  });
});

describe('the caller’s signal', () => {
  it('ends a request with its own reason, wherever that stands', async () => {
    const reason = new Error('the caller has left');
    behave = (socket, head) => {
      if (head.startsWith('GET /body')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx');
    };
    await expect(client().get(here(), { maxBytes: 9, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(server.sockets).toHaveLength(0);
    for (const path of ['/head', '/body']) {
      const leaving = new AbortController();
      const pending = client().get(here(path), { maxBytes: 9, signal: leaving.signal });
      await vi.waitUntil(() => server.heads.at(-1)?.startsWith(`GET ${path}`));
      leaving.abort(reason);
      await expect(pending).rejects.toBe(reason);
      await closed(server.sockets.at(-1));
    }
  });

  it('ends a failure that waits for its time', async () => {
    const leaving = new AbortController();
    const reason = new Error('the caller has left');
    const pending = client({ failureFloorMs: 60_000 }).get('http://10.0.0.1/', {
      maxBytes: 1,
      signal: leaving.signal,
    });
    setTimeout(() => leaving.abort(reason), 20);
    await expect(pending).rejects.toBe(reason);
  });
});

describe('the environment’s proxies (D9, P40)', () => {
  let proxy: Canary;
  const dispatcher = getGlobalDispatcher();
  beforeEach(async () => {
    proxy = await startCanary();
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'])
      vi.stubEnv(name, `http://127.0.0.1:${proxy.port}`);
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    vi.stubEnv('NO_PROXY', 'localhost.,169.254.169.254');
    setGlobalDispatcher(new EnvHttpProxyAgent());
  });
  afterEach(async () => {
    setGlobalDispatcher(dispatcher);
    await proxy.close();
  });

  it('are not asked, neither for what is allowed nor for what is not', async () => {
    await expect(client().get(here(), { maxBytes: 9 })).resolves.toMatchObject({ status: 200 });
    await expect(client().get(`http://images.corp:${server.port}/`, { maxBytes: 9 })).resolves.toBeDefined();
    for (const address of ['http://169.254.169.254/', 'http://localhost./', 'http://inside.example/'])
      await expect(client().get(address, { maxBytes: 9 })).rejects.toMatchObject({ reason: 'refused' });
    expect(server.heads).toHaveLength(2);
    expect(proxy.connections()).toBe(0);
  });
});

describe('connections', () => {
  it('are as many to one origin as is allowed, and the rest waits', async () => {
    let open = 0;
    let most = 0;
    behave = (socket) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        socket.write(answer('200 OK'));
      }, 20);
    };
    const narrow = client({ connectionsPerOrigin: 3 });
    await Promise.all(Array.from({ length: 12 }, () => narrow.get(here(), { maxBytes: 9 })));
    expect([most, server.sockets.length]).toEqual([3, 3]);
  });

  it('are not shared by two names of one server', async () => {
    const one = client();
    await one.get(here(), { maxBytes: 9 });
    await one.get(`http://images.corp:${server.port}/`, { maxBytes: 9 });
    expect(server.sockets).toHaveLength(2);
  });

  it('to a name are looked up anew each time one is opened (D2, D5)', async () => {
    let isGone = false;
    const moving: Resolver = (name, signal) => zone(isGone ? {} : records)(name, signal);
    behave = (socket) => socket.end(answer('200 OK', ['connection: close']));
    const one = client({}, moving);
    await one.get(`http://images.corp:${server.port}/`, { maxBytes: 9 });
    isGone = true;
    await expect(one.get(`http://images.corp:${server.port}/`, { maxBytes: 9 })).rejects.toMatchObject({
      reason: 'unreachable',
    });
    expect(server.sockets).toHaveLength(1);
  });

  it('are closed with the client, and running requests with them', async () => {
    behave = () => undefined;
    const closing = client();
    const pending = closing.get(here(), { maxBytes: 9 });
    await vi.waitUntil(() => server.heads.length === 1);
    await Promise.all([expect(pending).rejects.toMatchObject({ reason: 'unreachable' }), closing.close()]);
  });
});
