import { createServer, type Server, type Socket } from 'node:net';
import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exchange, type ExchangeRequest } from './exchange.js';

let server: Server;
let sockets: Socket[];
let onData: (socket: Socket) => void;
let agent: Agent;
let url: URL;
beforeEach(async () => {
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined).on('data', () => onData(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = new URL(`http://127.0.0.1:${(server.address() as { port: number }).port}/x`);
  agent = new Agent();
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await agent.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const NO_HOST = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });

const send = (more: Partial<ExchangeRequest> = {}) =>
  exchange(agent, {
    url,
    method: 'POST',
    headers: {},
    body: '{}',
    timeoutMs: 5000,
    headersTimeoutMs: 5000,
    idleTimeoutMs: 5000,
    maxBytes: 2 * 1024 ** 2,
    stopOnlyBeforeSent: true,
    ...more,
  });

describe('an exchange', () => {
  it('is not sent when nobody listens, and lost when the connection breaks after it was sent', async () => {
    onData = (socket) => socket.resetAndDestroy();
    await expect(send({ url: new URL('http://127.0.0.1:9/x') })).rejects.toMatchObject({ kind: 'not_sent' });
    await expect(send()).rejects.toMatchObject({ kind: 'lost' });
  });

  it('has timed out, and may have been accepted, when it was sent and no answer comes', async () => {
    onData = () => undefined;
    await expect(send({ timeoutMs: 500 })).rejects.toMatchObject({ kind: 'timed_out' });
  });

  it('keeps what had arrived of an answer that broke off', async () => {
    onData = (socket) => {
      socket.write('HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{"id":"abc"');
      setTimeout(() => socket.destroy(), 50);
    };
    await expect(send()).rejects.toMatchObject({ kind: 'lost', partialBody: '{"id":"abc"' });
  });

  it('is stopped by its signal before it is sent, and not after', async () => {
    const stopped = AbortSignal.abort();
    await expect(send({ signal: stopped })).rejects.toMatchObject({ kind: 'aborted' });
    expect(sockets).toHaveLength(0);
    const controller = new AbortController();
    onData = (socket) => {
      controller.abort();
      socket.write('HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}');
    };
    await expect(send({ signal: controller.signal })).resolves.toMatchObject({ status: 201, body: '{}' });
  });

  it('is not sent any more when its signal came while it was connecting', async () => {
    let requests = 0;
    onData = () => requests++;
    const controller = new AbortController();
    const pending = send({ signal: controller.signal });
    controller.abort();
    await expect(pending).rejects.toMatchObject({ kind: 'aborted' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(requests).toBe(0);
  });

  it('gives up on an answer that is far too long (A12)', async () => {
    onData = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n');
      socket.write('x'.repeat(5_000_000));
    };
    await expect(send()).rejects.toMatchObject({ kind: 'unreadable' });
  });

  it.each([
    [
      'its host has no address',
      (_: unknown, done: (error: Error, socket: null) => void) => done(NO_HOST, null),
    ],
    ['no connection comes in time', () => undefined],
  ])('is not sent when %s (A2)', async (_, connect) => {
    await agent.destroy();
    agent = new Agent({ connect });
    const expected = { kind: 'not_sent', provablyNotAccepted: true };
    await expect(send({ timeoutMs: 100 })).rejects.toMatchObject(expected);
    expect(sockets).toHaveLength(0);
  });

  it('has timed out when the head of the answer never comes (A13)', async () => {
    onData = () => undefined;
    await expect(send({ headersTimeoutMs: 100 })).rejects.toMatchObject({ kind: 'timed_out' });
  });

  it('has timed out, with what came, when the body stands still (A13)', async () => {
    onData = (socket) => socket.write('HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{"id":"abc"');
    await expect(send({ idleTimeoutMs: 100 })).rejects.toMatchObject({
      kind: 'timed_out',
      partialBody: '{"id":"abc"',
    });
  });

  it('has timed out, with what came, when the body comes byte by byte without end (A12, A13)', async () => {
    onData = (socket) => {
      socket.write('HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\nb\r\n{"id":"abc"\r\n');
      const timer = setInterval(() => socket.write('1\r\n \r\n'), 20);
      socket.on('close', () => clearInterval(timer));
    };
    const fault = send({ timeoutMs: 1000 });
    await expect(fault).rejects.toMatchObject({
      kind: 'timed_out',
      partialBody: expect.stringMatching(/^\{"id":"abc"/) as string,
    });
  });

  it('sends bytes as they are', async () => {
    let received = Buffer.alloc(0);
    const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    onData = () => undefined;
    server.on('connection', (socket: Socket) =>
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        if (received.includes(body)) socket.write('HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}');
      }),
    );
    await expect(send({ body })).resolves.toMatchObject({ status: 201 });
  });

  it('does not follow a redirect (A23)', async () => {
    onData = (socket) =>
      socket.write(
        'HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n',
      );
    await expect(send()).resolves.toMatchObject({ status: 307 });
  });
});
