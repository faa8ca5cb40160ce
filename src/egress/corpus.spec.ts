// D1: every address of the corpus is refused, in the same words, and nothing is connected to.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refusedAddresses, RESOLVED_ADDRESSES } from './corpus.fixture.js';
import { answer, type Canary, type RawServer, startCanary, startServer } from './egress.fixture.js';
import { GuardedClient } from './guarded.client.js';

/** Node publishes every `net.connect` here. */
const SOCKETS = 'net.client.socket';

/** Stands for the port that the canary gets. */
const CANARY_PORT = 65_500;

const corpus = refusedAddresses(CANARY_PORT);

let canary: Canary;
let client: GuardedClient;
let redirecting: RawServer;
let location: string;
let status: number;
let connects = 0;
let lookups: string[];
const count = (): void => void connects++;

/** All of DNS is in the attacker's hands. */
const hostile = (hostname: string): Promise<string[]> => {
  lookups.push(hostname);
  return Promise.resolve(['127.0.0.1', '::1']);
};

beforeAll(async () => {
  canary = await startCanary();
  redirecting = await startServer((socket) => socket.write(answer(`${status} x`, [`location: ${location}`])));
  client = new GuardedClient({
    privateHosts: [`127.0.0.1:${redirecting.port}`],
    resolve: hostile,
    limits: { failureFloorMs: 0 },
  });
});
afterAll(async () => {
  await client.close();
  await redirecting.close();
  await canary.close();
});
beforeEach(() => {
  connects = 0;
  lookups = [];
  subscribe(SOCKETS, count);
});
afterEach(() => {
  unsubscribe(SOCKETS, count);
});

const withCanaryPort = (address: string): string => address.replace(String(CANARY_PORT), String(canary.port));
const get = (address: string) => client.get(address, { maxBytes: 100 });
const refusal = { name: 'EgressError', reason: 'refused', message: 'The address could not be fetched.' };

describe('the corpus (D1, P20, P21, P24, P30, P38)', () => {
  it('has a canary that hears a connection', async () => {
    const before = canary.connections();
    const allowed = new GuardedClient({ privateHosts: [`127.0.0.1:${canary.port}`] });
    await expect(allowed.get(`http://127.0.0.1:${canary.port}/`, { maxBytes: 1 })).rejects.toMatchObject({
      reason: 'unreachable',
    });
    await allowed.close();
    expect(canary.connections()).toBe(before + 1);
    expect(connects).toBe(1);
  });

  it.each(corpus)('is refused without a look-up or a connection: %j', async (address) => {
    const before = canary.connections();
    await expect(get(withCanaryPort(address))).rejects.toMatchObject(refusal);
    expect([canary.connections() - before, connects, lookups]).toEqual([0, 0, []]);
  });

  it.each(RESOLVED_ADDRESSES)('is refused because its name leads inside: %j', async (address) => {
    const before = canary.connections();
    await expect(get(address)).rejects.toMatchObject(refusal);
    expect(lookups).toEqual([new URL(address).hostname.replace(/\.$/, '')]);
    expect(canary.connections()).toBe(before);
  });
});

describe('a redirect into the corpus (D3, P23)', () => {
  // These lead back to the server that may be asked, or do not fit into a header.
  const elsewhere = ['http:127.0.0.1', '127.0.0.1', ''];
  const targets = [...corpus, ...RESOLVED_ADDRESSES].filter(
    (target) => !elsewhere.includes(target) && !target.includes('\n'),
  );

  it.each([301, 302, 303, 307, 308])('of status %i is refused', async (code) => {
    const before = [canary.connections(), redirecting.heads.length];
    for (const target of targets) {
      status = code;
      location = withCanaryPort(target);
      await expect(get(`http://127.0.0.1:${redirecting.port}/`), target).rejects.toMatchObject(refusal);
    }
    expect([canary.connections(), redirecting.heads.length - targets.length]).toEqual(before);
  });
});
