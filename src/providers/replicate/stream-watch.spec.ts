import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import { Agent, type Dispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StreamEvent } from './event-stream.js';
import { type StreamEnd, StreamWatch } from './stream-watch.js';

type Connection = (response: ServerResponse, request: IncomingMessage) => void;

let server: Server;
let origin: string;
let requests: IncomingMessage[];
/** What each connection is answered with, in order; the last one stands for all that follow. */
let script: Connection[];
let agent: Agent;
beforeEach(async () => {
  Logger.overrideLogger(false);
  requests = [];
  server = createServer((request, response) => {
    requests.push(request);
    (script.length > 1 ? script.shift() : script[0])?.(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  agent = new Agent();
});
afterEach(async () => {
  Logger.overrideLogger(true);
  await agent.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const open: Connection = (response) => response.writeHead(200, { 'content-type': 'text/event-stream' });
const sendAndEnd =
  (...parts: (string | Buffer)[]): Connection =>
  (response, request) => {
    open(response, request);
    for (const part of parts) response.write(part);
    response.end();
  };
const event = (type: string, data: string, id?: string) =>
  `event: ${type}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
const DONE = event('done', '{}');

const newWatch = (dispatcher: Dispatcher = agent, idleMs = 60_000) =>
  new StreamWatch({ dispatcher, baseUrl: `${origin}/v1`, idleMs, pauseMs: 1 });

async function collect(
  events: AsyncGenerator<StreamEvent, StreamEnd>,
): Promise<{ events: [string, string][]; end: StreamEnd }> {
  const seen: [string, string][] = [];
  for (;;) {
    const next = await events.next();
    if (next.done) return { events: seen, end: next.value };
    seen.push([next.value.type, next.value.data]);
  }
}

const listen = (address = `${origin}/v1/streams/x`, signal = new AbortController().signal) =>
  collect(newWatch().events(address, signal));

describe('watching a stream', () => {
  it('gives its events up to done, and then closes it though the server does not', async () => {
    const closed = Promise.withResolvers<void>();
    script = [
      (response, request) => {
        open(response, request);
        response.on('close', () => closed.resolve());
        response.write(event('output', ' a') + event('logs', 'l') + DONE + event('output', 'late'));
      },
    ];
    expect(await listen()).toEqual({
      events: [
        ['output', ' a'],
        ['logs', 'l'],
        ['done', '{}'],
      ],
      end: 'done',
    });
    await closed.promise;
    expect(requests).toHaveLength(1);
  });

  it('sends no token, and asks for events', async () => {
    script = [sendAndEnd(DONE)];
    await listen();
    expect(requests[0]?.headers).toMatchObject({ accept: 'text/event-stream' });
    expect(requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('goes on after the last event where the stream broke off, and gives none twice (A19)', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((text, n) => event('output', text, `1:${n}`)) as [
      string,
      string,
      string,
    ];
    script = [sendAndEnd(a, b), sendAndEnd(a, b, c, DONE)];
    expect((await listen()).events.map(([, data]) => data)).toEqual(['a', 'b', 'c', '{}']);
    expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1:1']);
  });

  it('connects four times to a stream without events, and then gives it up (A17)', async () => {
    script = [sendAndEnd(': hi\n\n:408: 408 Request Timeout\n\n')];
    expect(await listen()).toEqual({ events: [], end: 'broken' });
    expect(requests).toHaveLength(4);
  });

  it('takes a repeated event for nothing new', async () => {
    script = [sendAndEnd(event('output', 'a', '1:0'))];
    expect(await listen()).toEqual({ events: [['output', 'a']], end: 'broken' });
    expect(requests).toHaveLength(5);
  });

  it('gives an event that comes twice in a row once, and every word that has an id of its own (A17)', async () => {
    const [ha, again, wa] = [
      event('output', 'ha', '1:0'),
      event('output', 'ha', '1:1'),
      event('output', 'wa', '1:1'),
    ];
    script = [sendAndEnd(ha, ha, again, again, wa, DONE)];
    expect((await listen()).events.map(([, data]) => data)).toEqual(['ha', 'ha', 'wa', '{}']);
  });

  it('connects again when the stream stalls (A18)', async () => {
    script = [open, sendAndEnd(DONE)];
    script[0] = (response, request) => {
      open(response, request);
      response.write(event('output', 'a', '1:0'));
    };
    const events = newWatch(agent, 300).events(`${origin}/v1/streams/x`, new AbortController().signal);
    expect((await collect(events)).events).toEqual([
      ['output', 'a'],
      ['done', '{}'],
    ]);
    expect(requests[1]?.headers['last-event-id']).toBe('1:0');
  });

  it('connects again when the connection is cut or the server fails (A19)', async () => {
    script = [
      (response) => response.socket?.resetAndDestroy(),
      (response, request) => {
        open(response, request);
        response.write('event: out', () => response.socket?.resetAndDestroy());
      },
      (response) => response.writeHead(502).end('<html>'),
      sendAndEnd(DONE),
    ];
    expect(await listen()).toEqual({ events: [['done', '{}']], end: 'done' });
  });

  it.each<[string, Connection]>([
    ['is gone', (response) => response.writeHead(404).end()],
    ['is no event stream', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end(DONE)],
    ['leads elsewhere (A23)', (response) => response.writeHead(302, { location: `${origin}/other` }).end()],
    [
      'has a line of 10 MB (A17)',
      (response, request) => {
        open(response, request);
        response.write('event: output\ndata: ');
        for (let n = 0; n < 160; n++) response.write(Buffer.alloc(65_536, 'x'));
      },
    ],
  ])('gives up at once on one that %s', async (_, connection) => {
    script = [connection];
    expect(await listen()).toEqual({ events: [], end: 'broken' });
    expect(requests).toHaveLength(1);
  });

  it.each([
    'http://stream.replicate.com/v1/streams/x',
    'https://stream.replicate.com.example.com/x',
    'https://stream.replicate.com:8443/x',
    'https://replicate.com@127.0.0.1/x',
    'https://user:word@stream.replicate.com/x',
    'https://notreplicate.com/x',
    'https://replicate.com/x',
    'http://127.0.0.1:9/x',
    'http://localhost/x',
    'file:///etc/passwd',
    'data:text/event-stream,x',
    'no address',
    '',
  ])('does not ask %j, which is no host of streams (A23)', async (address) => {
    script = [sendAndEnd(DONE)];
    let dispatched = 0;
    const dispatcher = { dispatch: () => dispatched++ } as unknown as Dispatcher;
    const { signal } = new AbortController();
    expect(await collect(newWatch(dispatcher).events(address, signal))).toEqual({
      events: [],
      end: 'broken',
    });
    expect(dispatched).toBe(0);
  });

  it.each([
    'https://stream.replicate.com/v1/files/abcd-efgh',
    'https://streaming-api.svc.us.c.replicate.net/v1/streams/x',
  ])('asks %s', async (address) => {
    const asked: unknown[] = [];
    const dispatcher = {
      dispatch: (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => {
        asked.push(`${String(options.origin)}${options.path}`);
        handler.onResponseError?.({} as Dispatcher.DispatchController, new Error('no network here'));
        return true;
      },
    } as unknown as Dispatcher;
    await collect(newWatch(dispatcher).events(address, new AbortController().signal));
    expect(asked).toEqual(Array(4).fill(address));
  });

  it('ends with its signal, in the middle of a stream as before it', async () => {
    const controller = new AbortController();
    const closed = Promise.withResolvers<void>();
    script = [
      (response, request) => {
        open(response, request);
        response.write(event('output', 'a'));
        response.on('close', () => closed.resolve());
      },
    ];
    const events = newWatch().events(`${origin}/v1/streams/x`, controller.signal);
    expect((await events.next()).value).toMatchObject({ data: 'a' });
    const next = events.next();
    controller.abort();
    expect(await next).toEqual({ done: true, value: 'broken' });
    await closed.promise;
    expect(await listen(undefined, controller.signal)).toEqual({ events: [], end: 'broken' });
    expect(requests).toHaveLength(1);
  });

  it('closes the connection of an answer that it does not read', async () => {
    const closed = Promise.withResolvers<void>();
    script = [
      (response) => {
        response.on('close', () => closed.resolve());
        response.writeHead(404).write('x');
      },
    ];
    const events = newWatch().events(`${origin}/v1/streams/x`, new AbortController().signal);
    expect((await collect(events)).end).toBe('broken');
    await closed.promise;
  });

  it('closes the connection when its reader leaves', async () => {
    const closed = Promise.withResolvers<void>();
    script = [
      (response, request) => {
        open(response, request);
        response.write(event('output', 'a'));
        response.on('close', () => closed.resolve());
      },
    ];
    for await (const { data } of newWatch().events(`${origin}/v1/streams/x`, new AbortController().signal)) {
      expect(data).toBe('a');
      break;
    }
    await closed.promise;
  });

  it('sends no last id that no header could carry', async () => {
    script = [sendAndEnd(event('output', 'a', 'é\t')), sendAndEnd(DONE)];
    expect((await listen()).end).toBe('done');
    expect(requests[1]?.headers).not.toHaveProperty('last-event-id');
  });
});
