// The last gate before a connection, with the socket's own opening replaced: what if the look-up was not obeyed?
import { connect, type Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AddressGuard } from './address-guard.js';
import { type RawServer, startServer } from './egress.fixture.js';
import { guardedConnector } from './guarded-connector.js';

let server: RawServer;
let opened: Socket[];

// Connects to the server on loopback, wherever it is told to.
vi.mock('undici', () => ({
  buildConnector: () => (_target: unknown, callback: buildConnector.Callback) => {
    const socket = connect(server.port, '127.0.0.1', () => callback(null, socket));
    socket.on('error', () => undefined);
    opened.push(socket);
  },
}));

beforeEach(async () => {
  opened = [];
  server = await startServer(() => undefined);
});
afterEach(async () => {
  for (const socket of opened) socket.destroy();
  await server.close();
});

function open(host: string, privateHosts: string[] = []): Promise<Socket> {
  const guard = new AddressGuard({ privateHosts });
  const connector = guardedConnector({ guard, resolve: () => Promise.resolve(['1.1.1.1']), timeoutMs: 1000 });
  return new Promise((done, fail) => {
    const { hostname, port } = new URL(`http://${host}`);
    connector({ hostname, host, port, protocol: 'http:' }, (error, socket) => {
      if (socket) done(socket);
      else fail(error);
    });
  });
}

describe('a guarded connection', () => {
  it('is destroyed when the socket leads elsewhere than was checked (D2)', async () => {
    await expect(open('example.com')).rejects.toMatchObject({ reason: 'refused' });
    expect(opened.map(({ destroyed }) => destroyed)).toEqual([true]);
  });

  it('is kept when the other end is allowed', async () => {
    await expect(open('images.corp', ['images.corp'])).resolves.toHaveProperty('destroyed', false);
  });

  it.each(['127.0.0.1', '[::1]:80', 'localhost', 'example.com:22', '169.254.169.254'])(
    'is not even opened to %s, whoever asks for it',
    async (host) => {
      await expect(open(host)).rejects.toMatchObject({ reason: 'refused' });
      expect(opened).toEqual([]);
    },
  );
});
