// The production resolver, against a DNS server of the spec's own.
import { createSocket, type Socket } from 'node:dgram';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { productionResolver } from './resolver.js';

let server: Socket;
let asked: string[];

// As always, but with the spec's server in place of the machine's.
vi.mock('node:dns/promises', async (original) => {
  const dns = await original<typeof import('node:dns/promises')>();
  class Resolver extends dns.Resolver {
    constructor(options?: ConstructorParameters<typeof dns.Resolver>[0]) {
      super(options);
      this.setServers([`127.0.0.1:${server.address().port}`]);
    }
  }
  return { ...dns, Resolver };
});

const NO_ERROR = 0;
const SERVER_FAILURE = 2;
const NO_SUCH_NAME = 3;

/** Record types of DNS (RFC 1035, 3.2.2; RFC 3596). */
const TYPES: Readonly<Record<number, 'A' | 'AAAA'>> = { 1: 'A', 28: 'AAAA' };

/** What the server has: the bytes of a record, or an error; it is silent about all other names. */
const records: Readonly<Record<string, number | readonly number[]>> = {
  'both.example A': [127, 0, 0, 1],
  'both.example AAAA': [...Array<number>(15).fill(0), 1],
  'old.example A': [1, 1, 1, 1],
  'old.example AAAA': SERVER_FAILURE,
  'gone.example A': NO_SUCH_NAME,
  'gone.example AAAA': NO_SUCH_NAME,
};

function replyTo(query: Buffer): Buffer | undefined {
  const end = query.indexOf(0, 12);
  const labels: string[] = [];
  for (let at = 12; at < end; at += 1 + (query[at] ?? 0))
    labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] ?? 0)));
  const question = `${labels.join('.')} ${TYPES[query.readUInt16BE(end + 1)] ?? '?'}`;
  asked.push(question);
  const record = records[question];
  if (record === undefined) return undefined;
  const [code, data] = typeof record === 'number' ? [record, []] : [NO_ERROR, record];
  const head = Buffer.from([
    query[0] ?? 0,
    query[1] ?? 0,
    0x81,
    0x80 | code,
    0,
    1,
    0,
    data.length ? 1 : 0,
    0,
    0,
    0,
    0,
  ]);
  // The name is a pointer to the question's; the answer may be kept for no time at all.
  const answer = [0xc0, 12, ...query.subarray(end + 1, end + 5), 0, 0, 0, 0, 0, data.length, ...data];
  return Buffer.concat([head, query.subarray(12, end + 5), Buffer.from(data.length ? answer : [])]);
}

beforeAll(async () => {
  server = createSocket('udp4', (query, from) => {
    const reply = replyTo(query);
    if (reply) server.send(reply, from.port, from.address);
  });
  await new Promise<void>((done) => server.bind(0, '127.0.0.1', done));
});
afterAll(() => void server.close());
beforeEach(() => {
  asked = [];
});

const resolve = productionResolver((hostname) => hostname === 'localhost');
const patient = new AbortController().signal;

describe('the production resolver', () => {
  it('brings all addresses of both families, so that none escapes the guard', async () => {
    expect([...(await resolve('both.example', patient))].sort()).toEqual(['127.0.0.1', '::1']);
  });

  it('makes do with one family where the other fails', async () => {
    await expect(resolve('old.example', patient)).resolves.toEqual(['1.1.1.1']);
  });

  it('rejects where there is no such name', async () => {
    await expect(resolve('gone.example', patient)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('asks for the very name, with no search list', async () => {
    await expect(resolve('gone.example', patient)).rejects.toThrow();
    expect([...new Set(asked)].sort()).toEqual(['gone.example A', 'gone.example AAAA']);
  });

  it('stops with its signal while a server is silent', async () => {
    const leaving = new AbortController();
    const pending = resolve('silent.example', leaving.signal);
    await vi.waitUntil(() => asked.length > 0);
    leaving.abort();
    await expect(pending).rejects.toMatchObject({ code: 'ECANCELLED' });
    await expect(resolve('silent.example', leaving.signal)).rejects.toThrow('aborted');
  });

  it('looks the operator’s hosts up as the machine does, hosts file and all', async () => {
    expect(await resolve('localhost', patient)).toContain('127.0.0.1');
    expect(asked).toEqual([]);
  });
});
