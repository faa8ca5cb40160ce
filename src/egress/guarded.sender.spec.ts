// Sending to addresses of strangers: what is refused, what comes back, and how long that may take.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AddressGuard } from './address-guard.js';
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
import { GuardedSender } from './guarded.sender.js';
import type { EgressLimits } from './limits.js';
import type { Resolver } from './resolver.js';
import { secureEndpoint } from './secure-endpoint.js';

let server: RawServer;
let behave: Answering;
let senders: GuardedSender[];
beforeEach(async () => {
  senders = [];
  behave = (socket) => socket.end(answer('204 No Content'));
  server = await startServer((socket, head) => behave(socket, head));
});
afterEach(async () => {
  await server.close();
  await Promise.all(senders.map((sender) => sender.close()));
});

function sender(limits: Partial<EgressLimits> = {}, resolve: Resolver = zone({})): GuardedSender {
  const made = new GuardedSender({ privateHosts: [`127.0.0.1:${server.port}`], limits, resolve });
  senders.push(made);
  return made;
}
const here = (path = '/') => `http://127.0.0.1:${server.port}${path}`;
const post = (made = sender(), address = here()) => made.post(address, '{"a":"ü"}', { 'x-mark': 'one' });

describe('an address to send to', () => {
  const guard = new AddressGuard({ privateHosts: ['hooks.corp:8080'] });

  it.each(['https://example.com/hook?a=b', 'https://example.com:443/', 'http://hooks.corp:8080/'])(
    'may be %s',
    (address) => {
      expect(secureEndpoint(guard, address).href).toBe(new URL(address).href);
    },
  );

  it.each([
    ...['http://example.com/', 'http://hooks.corp/', 'http://hooks.corp:80/', 'https://example.com:8443/'],
    ...[
      'https://127.0.0.1/',
      'https://[::1]/',
      'https://169.254.169.254/',
      'https://10.0.0.1/',
      'https://localhost/',
    ],
    ...['https://user:secret@example.com/', 'ftp://example.com/', 'https:\\\\example.com', 'nonsense', ''],
  ])('may not be %j (D1, P29)', (address) => {
    expect(() => secureEndpoint(guard, address)).toThrow(
      expect.objectContaining({ reason: 'refused' }) as Error,
    );
  });
});

describe('what is sent', () => {
  it('arrives whole, once, on a connection of its own, and nothing of ours goes along', async () => {
    expect(await post()).toEqual({ status: 204, retryAfter: undefined });
    expect(server.heads).toHaveLength(1);
    const [head = '', body] = server.heads[0]?.split('\r\n\r\n') ?? [];
    expect(head).toMatch(/^POST \/ HTTP\/1.1\r\n/);
    expect(head.toLowerCase()).toContain('connection: close');
    expect(head).toContain('x-mark: one');
    expect(head).toContain('content-length: 10');
    expect(head.toLowerCase()).not.toMatch(/authorization|cookie/);
    expect(body).toBe('{"a":"ü"}');
  });

  it.each([301, 302, 303, 307, 308])('is not sent on where the answer is %i (G10)', async (status) => {
    const canary: Canary = await startCanary();
    behave = (socket) =>
      socket.end(answer(`${status} Elsewhere`, [`location: http://127.0.0.1:${canary.port}/`]));
    expect(await post()).toMatchObject({ status });
    expect([server.heads.length, canary.connections()]).toEqual([1, 0]);
    await canary.close();
  });

  it('is answered by a status, and when to come again', async () => {
    behave = (socket) => socket.end(answer('429 Too Many Requests', ['retry-after: 90']));
    expect(await post()).toEqual({ status: 429, retryAfter: '90' });
  });

  it('has its answer cut off after the head, however large that is (G10)', async () => {
    behave = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n');
      socket.write(Buffer.alloc(1_000_000));
    };
    expect(await post()).toMatchObject({ status: 200 });
    await closed(server.sockets[0]);
  });

  it.each<[string, Answering]>([
    ['says nothing', () => undefined],
    ['says one byte at a time', (socket) => void setInterval(() => socket.write('H'), 20).unref()],
  ])('is given up after a time where the other end %s (G10)', async (_, behaviour) => {
    behave = behaviour;
    await expect(post(sender({ totalMs: 200 }))).rejects.toMatchObject({ name: 'EgressError' });
    await closed(server.sockets[0]);
  });

  it('fails where the connection is reset', async () => {
    behave = (socket) => socket.resetAndDestroy();
    await expect(post()).rejects.toMatchObject({ reason: 'unreachable' });
  });
});

describe('an address that was good once (D5, P29)', () => {
  it('is refused when its name leads inside by now', async () => {
    let leadsTo = '93.184.215.14';
    const canary = await startCanary();
    const made = sender({ connectMs: 200 }, () => Promise.resolve([leadsTo]));
    expect(() =>
      secureEndpoint(new AddressGuard({ privateHosts: [] }), 'https://hooks.example/'),
    ).not.toThrow();
    leadsTo = '127.0.0.1';
    await expect(post(made, 'https://hooks.example/')).rejects.toMatchObject({ reason: 'refused' });
    expect(canary.connections()).toBe(0);
    await canary.close();
  });
});
