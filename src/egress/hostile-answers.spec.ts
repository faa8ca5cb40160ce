// Servers that answer too much, too slowly, or not what was asked for.
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, type Answering, closed, type RawServer, startServer } from './egress.fixture.js';
import { GuardedClient } from './guarded.client.js';
import type { EgressLimits } from './limits.js';

const QUICK: Partial<EgressLimits> = {
  ...{ failureFloorMs: 0, totalMs: 1500, headersMs: 300, slowStartMs: 300, connectionsPerOrigin: 1 },
};

let server: RawServer;
let client: GuardedClient;
let behave: Answering;
beforeEach(async () => {
  server = await startServer((socket, head) => behave(socket, head));
  client = new GuardedClient({ privateHosts: [`127.0.0.1:${server.port}`], limits: QUICK });
});
afterEach(async () => {
  await server.close();
  await client.close();
});

const get = (maxBytes = 1000) => client.get(`http://127.0.0.1:${server.port}/`, { maxBytes });
const says =
  (text: string | Buffer): Answering =>
  (socket) =>
    socket.write(text);

/** Writes pieces in turn, again and again, as long as the socket lives. */
function drip(socket: Socket, pieces: string | readonly string[], everyMs: number): void {
  const turns = [pieces].flat();
  let turn = 0;
  const timer = setInterval(() => socket.write(turns[turn++ % turns.length] ?? ''), everyMs);
  socket.on('close', () => clearInterval(timer));
}

/** The connection is gone, and the next request to the same origin gets through. */
async function expectSlotFreed(): Promise<void> {
  await closed(server.sockets[0]);
  behave = says(answer('200 OK', [], 'fine'));
  expect(Buffer.from((await get()).bytes).toString()).toBe('fine');
}

describe('a good answer', () => {
  it('is handed over whole, with what it says of itself', async () => {
    behave = says(answer('200 OK', ['content-type: image/png', '__proto__: x', 'constructor: y'], 'picture'));
    const { status, contentType, bytes, url } = await get(7);
    expect([status, contentType, Buffer.from(bytes).toString()]).toEqual([200, 'image/png', 'picture']);
    expect(url.href).toBe(`http://127.0.0.1:${server.port}/`);
    expect(server.heads[0]).toMatch(/\r\naccept-encoding: identity\r\n/);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('may come in any pieces', async () => {
    const body = Array.from({ length: 5000 }, (_, index) => `1\r\n${index % 10}\r\n`).join('');
    behave = says(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body}0\r\n\r\n`);
    const { bytes } = await get(6000);
    expect(Buffer.from(bytes).toString()).toBe('0123456789'.repeat(500));
    expect(bytes.buffer.byteLength).toBe(5000);
  });

  it('may be empty', async () => {
    behave = says(answer('200 OK'));
    expect((await get()).bytes).toHaveLength(0);
  });

  it('leaves its connection for the next request', async () => {
    behave = says(answer('200 OK'));
    await get();
    await get();
    expect([server.heads.length, server.sockets.length]).toEqual([2, 1]);
  });
});

describe('too much', () => {
  it('is refused by what the answer says of its length, before its body', async () => {
    behave = says('HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n');
    await expect(get()).rejects.toMatchObject({ reason: 'too_large' });
    await expectSlotFreed();
  });

  it('is cut off as it comes, in a body without a length or an end', async () => {
    behave = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      drip(socket, `100\r\n${'x'.repeat(256)}\r\n`, 5);
    };
    await expect(get()).rejects.toMatchObject({ reason: 'too_large' });
    await expectSlotFreed();
  });

  it('is one byte more than allowed', async () => {
    behave = (socket) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nfour!');
    await expect(get(4)).rejects.toMatchObject({ reason: 'too_large' });
    expect((await get(5)).bytes).toHaveLength(5);
  });

  it('is a head larger than is allowed', async () => {
    behave = says(answer('200 OK', Array<string>(100).fill(`x-filler: ${'x'.repeat(200)}`)));
    await expect(get()).rejects.toMatchObject({ reason: 'unreachable' });
    await expectSlotFreed();
  });

  it('is an endless row of interim answers', async () => {
    behave = (socket) => drip(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n', 20);
    await expect(get()).rejects.toMatchObject({ reason: 'timed_out' });
    await expectSlotFreed();
  });
});

describe('too slow', () => {
  it.each<[string, Answering]>([
    ['is a head that never comes', () => undefined],
    [
      'is a head that comes one byte at a time',
      (socket) => drip(socket, [...'HTTP/1.1 200 OK\r\nx: y\r\n'], 50),
    ],
    [
      'is a head that never ends',
      (socket) => (socket.write('HTTP/1.1 200 OK\r\n'), drip(socket, 'x: y\r\n', 50)),
    ],
    ['is a body that never comes', says('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n')],
    [
      'is a body that comes one byte at a time',
      (socket) => (socket.write('HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n'), drip(socket, 'x', 50)),
    ],
  ])('%s, and its connection is closed', async (_case, behaviour) => {
    behave = behaviour;
    await expect(get()).rejects.toMatchObject({
      reason: 'timed_out',
      message: 'The address could not be fetched.',
    });
    await expectSlotFreed();
  });

  it('is a body below the least speed, long before any other bound', async () => {
    const patient = { ...QUICK, totalMs: 600_000, headersMs: 600_000 };
    const other = new GuardedClient({ privateHosts: ['127.0.0.1'], limits: patient });
    behave = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n');
      drip(socket, 'x'.repeat(20), 50);
    };
    const pending = other.get(`http://127.0.0.1:${server.port}/`, { maxBytes: 1e6 });
    await expect(pending).rejects.toMatchObject({ reason: 'timed_out' });
    await expectSlotFreed();
    await other.close();
  });

  it('is no body above the least speed', async () => {
    const patient = { ...QUICK, totalMs: 600_000, headersMs: 600_000, slowStartMs: 50, minBytesPerSecond: 1 };
    const other = new GuardedClient({ privateHosts: ['127.0.0.1'], limits: patient });
    behave = (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n${'x'.repeat(500)}`);
      setTimeout(() => socket.write('x'.repeat(500)), 300);
    };
    const { bytes } = await other.get(`http://127.0.0.1:${server.port}/`, { maxBytes: 1000 });
    expect(bytes).toHaveLength(1000);
    await other.close();
  });

  it('is a body that is quick and does not end within the deadline', async () => {
    behave = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      drip(socket, `400\r\n${'x'.repeat(1024)}\r\n`, 10);
    };
    await expect(get(1e9)).rejects.toMatchObject({ reason: 'timed_out' });
    await expectSlotFreed();
  });
});

describe('something else', () => {
  it.each([
    ['gzip', ['content-encoding: gzip']],
    ['brotli', ['content-encoding: br']],
    ['gzip after identity', ['content-encoding: identity, gzip']],
    ['two headers', ['content-encoding: identity', 'content-encoding: gzip']],
    ['1000 encodings on top of each other', [`content-encoding: ${Array(1000).fill('gzip').join(',')}`]],
  ])('than was asked for is refused undecoded: %s (P36)', async (_case, headers) => {
    behave = says(
      Buffer.concat([Buffer.from(answer('200 OK', headers).replace('h: 0', 'h: 29')), gzipSync('bomb')]),
    );
    await expect(get()).rejects.toMatchObject({ reason: 'encoded' });
    await expectSlotFreed();
  });

  it('is a body that is compressed on its way', async () => {
    behave = says('HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n');
    await expect(get()).rejects.toMatchObject({ reason: 'encoded' });
  });

  it('is not an encoding that says that there is none', async () => {
    behave = says(answer('200 OK', ['content-encoding: Identity'], 'ok'));
    expect((await get()).bytes).toHaveLength(2);
  });

  it('is a body shorter than its length', async () => {
    behave = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort');
    await expect(get()).rejects.toMatchObject({ reason: 'cut_off' });
    await expectSlotFreed();
  });

  it('is a chunked body that breaks off, or is none', async () => {
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    behave = (socket) => socket.end(`${head}5\r\nhel`);
    await expect(get()).rejects.toMatchObject({ reason: 'cut_off' });
    behave = (socket) => socket.end(`${head}5\r\nhello\r\nzz\r\n`);
    await expect(get()).rejects.toMatchObject({ reason: 'cut_off' });
  });

  it.each([
    ['two lengths (P36)', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nabc'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['no HTTP', '220 mail.example ESMTP\r\n'],
    ['nothing', ''],
  ])('is an answer with %s', async (_case, text) => {
    behave = (socket) => socket.end(text);
    await expect(get()).rejects.toMatchObject({ reason: 'unreachable' });
    await expectSlotFreed();
  });

  it('is an error, of which only the status is kept', async () => {
    for (const status of [206, 400, 401, 403, 404, 429, 500, 503]) {
      behave = says(answer(`${status} x`, [], 'no picture'));
      await expect(get()).rejects.toMatchObject({ reason: 'bad_status', status });
    }
  });
});
