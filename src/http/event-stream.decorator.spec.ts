// Event streams as they leave a real server: Nest, Fastify and Node each have a say in their headers and ends.
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Controller, HttpCode, type LoggerService, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../errors/api-error.js';
import { Deadline } from './deadline.js';
import { ErrorFilter } from './error.filter.js';
import { type EventStream, type EventStreamSettings, TheEventStream } from './event-stream.decorator.js';
import { InFlight } from './in-flight.js';
import { RouteTable } from './route-table.js';

/** What the handler streams; a signal tells when the caller has gone. */
let frames: (signal: AbortSignal) => AsyncIterable<object>;
let signal: AbortSignal;
let settings: { -readonly [Name in keyof EventStreamSettings]: EventStreamSettings[Name] };
const PATIENCE = { timeout: 10_000 };
const log: unknown[] = [];
/** The server's ends of its connections. */
const connections: Socket[] = [];
const deadlines = vi.spyOn(Deadline.prototype, 'set');

@Controller()
class Door {
  @Post('stream')
  @HttpCode(200)
  stream(@TheEventStream() stream: EventStream): unknown {
    return stream(frames(signal));
  }
}

@Module({ controllers: [Door] })
class DoorModule {}

const record = (message: unknown) => void log.push(message);
const recorder: LoggerService = { log: () => undefined, error: record, warn: record };

let app: NestFastifyApplication;
let inFlight: InFlight;
let port: number;
beforeAll(async () => {
  const adapter = new FastifyAdapter({ forceCloseConnections: true });
  const fastify = adapter.getInstance();
  inFlight = new InFlight();
  settings = {
    heartbeatMs: 60_000,
    translate: (thrown) =>
      thrown instanceof RangeError ? new ApiError('database_unavailable', { cause: thrown }) : undefined,
  };
  fastify.decorate('inFlight', inFlight);
  // Read anew for every stream, so that tests can set it.
  fastify.decorate('eventStreams', { getter: () => settings });
  inFlight.watch(fastify, () => undefined);
  fastify.addHook('onRequest', (incoming: FastifyRequest, _reply, done) => {
    signal = inFlight.signalOf(incoming);
    done();
  });
  app = await NestFactory.create<NestFastifyApplication>(DoorModule, adapter, { logger: recorder });
  app.useGlobalFilters(new ErrorFilter(new RouteTable(), settings.translate));
  app.getHttpServer().on('connection', (socket: Socket) => connections.push(socket));
  await app.listen(0, '127.0.0.1');
  port = Number(new URL(await app.getUrl()).port);
});
afterAll(() => app.close());
beforeEach(() => {
  log.length = 0;
  connections.length = 0;
  deadlines.mockClear();
  settings.heartbeatMs = 60_000;
  delete settings.stallMs;
});
afterEach(async () => {
  await vi.waitFor(() => expect(inFlight.count).toBe(0), PATIENCE);
  const timers = (deadlines.mock.contexts as object[]).map(
    (deadline) => Reflect.get(deadline, 'timer') as unknown,
  );
  expect(timers.filter((timer) => timer !== undefined)).toEqual([]);
});

async function* listed(...given: (object | Error)[]): AsyncGenerator<object> {
  for (const frame of given) {
    if (frame instanceof Error) throw frame;
    yield await Promise.resolve(frame);
  }
}

/** Fails when the caller has gone, as the gateway does. */
function untilGone(gone: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(gone.reason as ApiError);
    if (gone.aborted) fail();
    else gone.addEventListener('abort', fail, { once: true });
  });
}

const ask = () => fetch(`http://127.0.0.1:${port}/stream`, { method: 'POST' });

function post(): ClientRequest {
  const sent = request({ port, host: '127.0.0.1', path: '/stream', method: 'POST', agent: false });
  sent.on('error', () => undefined);
  return sent.end();
}

/** A caller who sends his request and reads nothing of the answer. */
async function deafCaller(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  socket.write('POST /stream HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n');
  return socket;
}

describe('an event stream', () => {
  it('has its headers and its frames', async () => {
    frames = () => listed({ a: 1 }, { b: 2 });
    const answer = await ask();
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'transfer-encoding': 'chunked',
    });
    expect(await answer.text()).toBe('data: {"a":1}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n');
    expect(log).toEqual([]);
  });

  it('sends each frame when it is made', async () => {
    const second = Promise.withResolvers<object>();
    frames = async function* () {
      yield { a: 1 };
      yield await second.promise;
    };
    const reader = (await ask()).body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('data: {"a":1}\n\n');
    second.resolve({ b: 2 });
    expect((await reader?.read())?.value).toMatch(/^data: \{"b":2\}\n\n/);
    while (!(await reader?.read())?.done);
  });

  it('says that it is alive while nothing comes, headers first', async () => {
    settings.heartbeatMs = 20;
    const frame = Promise.withResolvers<object>();
    frames = async function* () {
      yield await frame.promise;
    };
    const answer = await ask();
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader?.read())?.value ?? '';
    expect(text).toMatch(/^(: keep-alive\n\n)+$/);
    frame.resolve({ a: 1 });
    for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) text += read.value;
    expect(text).toMatch(/^(: keep-alive\n\n)+data: \{"a":1\}\n\ndata: \[DONE\]\n\n$/);
  });
});

describe('an error', () => {
  it('before the first frame is an ordinary answer', async () => {
    frames = () => listed(new ApiError('model_not_found', { message: 'No such model.', param: 'model' }));
    const answer = await ask();
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('x-accel-buffering')).toBeNull();
    expect(answer.headers.get('cache-control')).toBeNull();
    expect(await answer.json()).toEqual({
      error: {
        message: 'No such model.',
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_not_found',
      },
    });
  });

  it('after the first frame is a frame, without [DONE], and is logged once with its cause', async () => {
    frames = () => listed({ a: 1 }, new RangeError('the pool is empty'));
    const answer = await ask();
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toMatch(/^data: \{"a":1\}\n\ndata: \{"error":\{"message":"[^"]+","type":"server_error",/);
    expect(text).toContain('"code":"database_unavailable"');
    expect(text).not.toContain('[DONE]');
    expect(log).toMatchObject([{ reason: 'database_unavailable', cause: 'the pool is empty' }]);
  });

  it('that nobody expected tells the caller nothing of it', async () => {
    frames = () => listed({ a: 1 }, new TypeError('secret'));
    const text = await (await ask()).text();
    expect(text).toContain('"type":"server_error"');
    expect(text).not.toContain('secret');
    expect(log).toHaveLength(1);
    expect(log).toMatchObject([{ reason: 'internal_error', cause: new TypeError('secret') }]);
  });
});

describe('a caller who hangs up', () => {
  it.each([
    ['before the first frame', 0],
    ['between two frames', 1],
  ])('%s ends the producer, quietly', async (_, before) => {
    let ended = 0;
    let begun = 0;
    frames = async function* (gone) {
      begun++;
      try {
        for (let frame = 0; frame < before; frame++) yield { frame };
        await untilGone(gone);
      } finally {
        ended++;
      }
    };
    const sent = post();
    if (before > 0) {
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      answer.on('error', () => undefined);
      await once(answer, 'data');
    } else await vi.waitFor(() => expect(begun).toBe(1), PATIENCE);
    sent.destroy();
    await vi.waitFor(() => expect(ended).toBe(1), PATIENCE);
    expect(log).toEqual([]);
  });

  it('while frames keep coming ends the producer', async () => {
    let ended = 0;
    frames = async function* () {
      try {
        while (true) {
          yield { text: 'x'.repeat(100) };
          await new Promise(setImmediate);
        }
      } finally {
        ended++;
      }
    };
    const sent = post();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.on('error', () => undefined);
    await once(answer, 'data');
    sent.destroy();
    await vi.waitFor(() => expect(ended).toBe(1), PATIENCE);
    expect(log).toEqual([]);
  });
});

describe('a caller who does not read (B5, B8)', () => {
  it('makes the producer wait, and is cut off when that lasts', async () => {
    settings.stallMs = 400;
    let made = 0;
    let ended = 0;
    let abortedWith: unknown;
    frames = async function* (gone) {
      gone.addEventListener('abort', () => void (abortedWith = gone.reason));
      try {
        while (true) {
          made++;
          yield { text: 'x'.repeat(10_000) };
          await new Promise(setImmediate);
        }
      } finally {
        ended++;
      }
    };
    const socket = await deafCaller();
    await vi.waitFor(() => expect(ended).toBe(1), PATIENCE);
    // What the kernel and Node hold of a connection is megabytes on loopback, not the hundreds that could be made.
    expect(made).toBeLessThan(2000);
    expect(abortedWith).toMatchObject({ reason: 'client_closed_request' });
    socket.destroy();
  });

  it('keeps no more in memory than the buffers of a stream', async () => {
    settings.stallMs = 60_000;
    let made = 0;
    frames = async function* () {
      while (true) {
        made++;
        yield { text: 'x'.repeat(10_000) };
        await new Promise(setImmediate);
      }
    };
    const socket = await deafCaller();
    let before = -1;
    while (made === 0 || made !== before) {
      before = made;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const waiting = connections.map((connection) => connection.writableLength);
    expect(Math.max(...waiting)).toBeLessThan(256 * 1024);
    socket.destroy();
  });
});
