// An address that has brought too many wrong keys: those behind it with good ones get in, and guesses cost little.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CredentialsRepository } from '../../src/auth/credentials.repository.js';
import { mintKey } from '../../src/auth/key.js';
import { FailedAttempts } from '../../src/throttling/failed-attempts.service.js';
import { AdminApi } from '../support/admin.js';
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { Routes } from '../support/routes.js';

let gateway: TestGateway;
let admin: AdminApi;
beforeAll(async () => {
  gateway = await startTestGateway({ settings: { failedAuthPerMinute: 5, createsPerMinute: 1_000_000 } });
  admin = new AdminApi(gateway);
  expect(await statusOf(gateway.key)).toBe(200);
  for (let attempt = 0; attempt < 5; attempt++) expect(await statusOf(mintKey())).toBe(401);
  const failures = gateway.app.nest.get(FailedAttempts);
  await eventually('blocked', () => failures.blockedForMs('127.0.0.1') !== undefined);
});
afterAll(() => gateway.close());

const statusOf = async (key: string) => (await gateway.send('/v1/models', { key })).status;

/** Watches lookups of keys: how many there were, and how many at the same time. */
function watchLookups() {
  const repository = gateway.app.nest.get(CredentialsRepository);
  const find = repository.findUsable.bind(repository);
  const seen = { count: 0, running: 0, most: 0 };
  const spy = vi.spyOn(repository, 'findUsable').mockImplementation(async (hash) => {
    seen.count++;
    seen.most = Math.max(seen.most, ++seen.running);
    return find(hash).finally(() => seen.running--);
  });
  return { seen, stop: () => spy.mockRestore() };
}

describe('behind an address that is blocked', () => {
  it('wrong keys are refused, in the same words whether they are looked up or not', async () => {
    const answers = [];
    for (const key of [mintKey(), 'sk-malformed', `${gateway.key.slice(0, -1)}_`]) {
      answers.push(await gateway.send('/v1/models', { key }));
    }
    for (const { status, json, headers } of answers) {
      expect(status).toBe(429);
      expect(json).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('a good key works that this node has not seen, also for many at once', async () => {
    const { key } = await admin.key(gateway.tenantId);
    expect(await Promise.all(Array.from({ length: 20 }, () => statusOf(key)))).toEqual(Array(20).fill(200));
  });

  it('a key in use works on when it or its tenant is changed', async () => {
    const tenant = await admin.tenant();
    const { key, path } = await admin.key(tenant.id);
    expect(await statusOf(key)).toBe(200);
    for (const changed of [tenant.path, path]) {
      expect((await admin.patch(changed, { name: 'changed' })).status).toBe(200);
      // Others of the address are being looked up meanwhile.
      const [, ...statuses] = await Promise.all([mintKey(), key, key, key].map(statusOf));
      expect(statuses).toEqual([200, 200, 200]);
    }
  });

  it('a key that was revoked is a wrong one', async () => {
    const { key, path } = await admin.key(gateway.tenantId);
    expect(await statusOf(key)).toBe(200);
    await admin.delete(path);
    expect(await statusOf(key)).toBe(429);
  });

  it('ten thousand guesses are looked up one at a time, and a good key gets in meanwhile (E13)', async () => {
    const { seen, stop } = watchLookups();
    try {
      let left = 10_000;
      const guess = async () => {
        while (left-- > 0) {
          const headers = { authorization: `Bearer ${mintKey()}` };
          const { status } = await fetch(`${gateway.url}/v1/models`, { headers });
          if (status !== 429) throw new Error(`a guess was answered ${status}`);
        }
      };
      const guessing = Promise.all(Array.from({ length: 50 }, guess));
      expect(await statusOf(gateway.key)).toBe(200);
      const { key } = await admin.key(gateway.tenantId);
      await eventually('a good key gets in', async () => (await statusOf(key)) === 200);
      await guessing;
      expect(seen.most).toBe(1);
      expect(seen.count).toBeLessThan(10_000);
    } finally {
      stop();
    }
  }, 60_000);
});

it('the document tells of the refusal wherever a key is needed', async () => {
  const { paths } = (await gateway.send('/openapi.json', { key: null })).json as {
    paths: Record<string, Record<string, { responses: Record<string, { content?: unknown }> }>>;
  };
  const { all } = await Routes.of(gateway);
  const guarded = all.filter(({ path }) => /^\/(v1|admin)\//.test(path));
  expect(guarded.length).toBeGreaterThan(20);
  for (const { method, path } of guarded) {
    const answer = paths[path]?.[method.toLowerCase()]?.responses['429'];
    expect(JSON.stringify(answer), `${method} ${path}`).toContain('too_many_failures');
  }
});
