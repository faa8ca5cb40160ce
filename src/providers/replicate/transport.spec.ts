import { Telemetry } from '../../telemetry/telemetry.js';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixedToken } from './access-token.js';
import { type FailedReply, ReplicateTransport, type TransportOptions } from './transport.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let closers: (() => Promise<unknown>)[];
beforeEach(() => void (closers = []));
afterEach(async () => {
  for (const close of closers) await close();
});

async function serve(handler: Handler) {
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return { origin: `http://127.0.0.1:${(server.address() as { port: number }).port}`, requests };
}

function connect(origin: string, more: Partial<TransportOptions> = {}): ReplicateTransport {
  const transport = new ReplicateTransport({
    baseUrl: `${origin}/v1`,
    token: fixedToken('secret'),
    telemetry: new Telemetry(),
    cancelAfterMs: 60_000,
    ...more,
  });
  closers.unshift(() => transport.close());
  return transport;
}

const authorization = { Authorization: 'Bearer secret' };
const answer =
  (status: number, body = '{}', headers: Record<string, string> = {}): Handler =>
  (_, response) =>
    void response.writeHead(status, headers).end(body);

describe('the transport', () => {
  it('sends a read once more under a token that has replaced a refused one, but no create', async () => {
    const { origin, requests } = await serve((request, response) => {
      const isGood = request.headers.authorization === 'Bearer new';
      answer(isGood ? 201 : 401, '{"title":"Unauthenticated","detail":"no"}')(request, response);
    });
    let token = 'old';
    const refused = () => Promise.resolve(void (token = 'new'));
    const transport = connect(origin, { token: { current: () => token, refused } });
    const create = () => transport.fetch(`${origin}/v1/predictions`, { method: 'POST', body: '{}' });
    expect(((await create()) as unknown as FailedReply).fault).toMatchObject({
      status: 401,
      tokenReplaced: true,
    });
    expect(requests).toHaveLength(1);
    expect((await create()).ok).toBe(true);
    token = 'old';
    expect((await transport.fetch(`${origin}/v1/predictions/1`)).ok).toBe(true);
    expect(requests).toHaveLength(4);
  });

  it('follows no redirect, and so shows the token to nobody else (A23)', async () => {
    const other = await serve(answer(200));
    const { origin } = await serve(answer(307, '', { location: `${other.origin}/v1/predictions` }));
    const reply = (await connect(origin).fetch(`${origin}/v1/predictions`, {
      method: 'POST',
      headers: authorization,
      body: '{}',
    })) as unknown as FailedReply;
    expect(reply.fault).toMatchObject({ kind: 'refused', status: 307, provablyNotAccepted: false });
    expect(other.requests).toEqual([]);
  });

  it('sends nothing to another origin than that of the API (A23)', async () => {
    const { origin } = await serve(answer(200));
    const other = await serve(answer(200));
    const transport = connect(origin);
    const reply = await transport.fetch(`${other.origin}/v1/predictions/1`, { headers: authorization });
    expect((reply as unknown as FailedReply).fault).toMatchObject({ kind: 'unreadable' });
    const { signal } = new AbortController();
    const bytes = new Uint8Array(1);
    await expect(
      transport.postBytes(`${other.origin}/files`, bytes, { contentType: 'image/png', signal }),
    ).rejects.toMatchObject({ kind: 'unreadable' });
    expect(other.requests).toEqual([]);
  });

  it('asks Replicate to end what a create starts, by the time set for its signal if there is one (A14)', async () => {
    const { origin, requests } = await serve(answer(201));
    const transport = connect(origin);
    const create = (signal?: AbortSignal) =>
      transport.fetch(`${origin}/v1/models/a/b/predictions`, {
        method: 'POST',
        body: '{}',
        ...(signal && { signal }),
      });
    const { signal } = new AbortController();
    transport.cancelAfter(signal, 1_800_500);
    const soon = new AbortController().signal;
    transport.cancelAfter(soon, 100);
    await create();
    await create(signal);
    await create(soon);
    await transport.fetch(`${origin}/v1/predictions/1/cancel`, { method: 'POST' });
    expect(requests.map(({ headers }) => headers['cancel-after'])).toEqual(['60s', '1801s', '5s', undefined]);
  });

  it('tells when an answer to a create says that no more are taken (A4)', async () => {
    const { origin } = await serve(
      answer(201, '{}', { 'ratelimit-remaining': '0', 'ratelimit-reset': '10' }),
    );
    const told: number[] = [];
    const transport = connect(origin, { onCreatesExhausted: (ms) => told.push(ms) });
    await transport.fetch(`${origin}/v1/predictions/1`);
    expect(told).toEqual([]);
    await transport.fetch(`${origin}/v1/predictions`, { method: 'POST', body: '{}' });
    expect(told).toHaveLength(1);
    expect(told[0]).toBeGreaterThan(0);
    expect(told[0]).toBeLessThanOrEqual(10_000);
  });

  it('takes the headers of a held create for as old as the create', async () => {
    const { origin } = await serve((request, response) => {
      const headers = { 'ratelimit-remaining': '0', 'ratelimit-reset': '1' };
      setTimeout(() => answer(201, '{}', headers)(request, response), 1050);
    });
    const told: number[] = [];
    const transport = connect(origin, { onCreatesExhausted: (ms) => told.push(ms) });
    await transport.fetch(`${origin}/v1/predictions`, { method: 'POST', body: '{}' });
    expect(told).toEqual([]);
  });

  it('posts bytes with the token, and reads the JSON that answers', async () => {
    const received: Buffer[] = [];
    const { origin, requests } = await serve((request, response) => {
      request.on('data', (chunk: Buffer) => received.push(chunk));
      request.on('end', () => response.writeHead(201).end('{"urls":{"get":"x"}}'));
    });
    const bytes = Uint8Array.from({ length: 1000 }, (_, n) => n % 256);
    const { signal } = new AbortController();
    const posted = connect(origin).postBytes('files', bytes, { contentType: 'image/png', signal });
    await expect(posted).resolves.toMatchObject({ urls: { get: 'x' } });
    expect(Buffer.concat(received).equals(bytes)).toBe(true);
    expect(requests[0]).toMatchObject({
      url: '/v1/files',
      headers: { authorization: 'Bearer secret', 'content-type': 'image/png' },
    });
  });

  it('rejects posted bytes that are refused, with the fault', async () => {
    const { origin } = await serve(answer(413, '{"detail":"Files must be less than 100MB in size"}'));
    const { signal } = new AbortController();
    await expect(
      connect(origin).postBytes('files', new Uint8Array(1), { contentType: 'image/png', signal }),
    ).rejects.toMatchObject({ kind: 'refused', status: 413 });
  });

  it.each([429, 500, 503])(
    'answers no status that the client would repeat, as it would %d',
    async (status) => {
      const { origin } = await serve(answer(status, '{"detail":"no"}'));
      const reply = await connect(origin).fetch(`${origin}/v1/predictions/1`);
      expect(reply).toMatchObject({ ok: false, status: 400, fault: { status } });
    },
  );
});
