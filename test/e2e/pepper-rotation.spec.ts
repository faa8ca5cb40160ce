// The pepper is replaced while keys made under the old one are in use.
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { mintKey } from '../../src/auth/key.js';
import { KeyCache } from '../../src/auth/key-cache.js';
import { KeyPeppers } from '../../src/auth/key-peppers.service.js';
import { withSession } from '../../src/database/migrations.js';
import { AdminApi } from '../support/admin.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

const OLD = 'the old pepper, 0123456789';
const NEW = 'the new pepper, 0123456789';

/** Nodes on one database, each with what its operator has set so far. */
let before: TestGateway;
let prepared: TestGateway;
let during: TestGateway;
let after: TestGateway;
let nodes: TestGateway[];
let admin: AdminApi;
beforeAll(async () => {
  before = await startTestGateway({ settings: { keyPepper: OLD } });
  const beside = (keyPepper: string, keyPepperPrevious?: string) =>
    startTestGateway({
      beside: before,
      settings: { keyPepper, ...(keyPepperPrevious !== undefined && { keyPepperPrevious }) },
    });
  prepared = await beside(OLD, NEW);
  during = await beside(NEW, OLD);
  after = await beside(NEW);
  nodes = [after, during, prepared, before];
  admin = new AdminApi(before);
});
afterAll(async () => {
  for (const node of nodes) await node.close();
});
afterEach(() => void vi.restoreAllMocks());

const statusOf = async (node: TestGateway, key: string) => (await node.send('/v1/models', { key })).status;
const flush = (node: TestGateway) => node.app.nest.get(KeyPeppers).flush();
const count = (node: TestGateway) => node.app.nest.get(KeyPeppers).count();

/** A key's row, but for when it was last used. */
const rowOf = (id: string): Promise<Record<string, unknown>> =>
  withSession(before.databaseUrl, async (session) => {
    const { rows } = await session.query<Record<string, unknown>>('SELECT * FROM api_keys WHERE id = $1', [
      id,
    ]);
    return { ...rows[0], last_used_at: undefined };
  });

describe('a key that was made under the old pepper', () => {
  it('works during the rotation, and after it where it was used meanwhile; only its hash changes', async () => {
    const [used, idle] = [await admin.key(before.tenantId), await admin.key(before.tenantId)];
    const row = await rowOf(used.id);
    expect(await statusOf(after, used.key)).toBe(401);
    expect(await statusOf(during, used.key)).toBe(200);
    await flush(during);
    const { hash, pepper_version: version, ...rest } = row;
    const now = await rowOf(used.id);
    expect(now).toMatchObject(rest);
    expect(now).not.toMatchObject({ hash });
    expect(now).not.toMatchObject({ pepper_version: version });
    // Unknown keys are remembered for two seconds.
    await expect.poll(() => statusOf(after, used.key), { timeout: 5000 }).toBe(200);
    expect(await statusOf(after, idle.key)).toBe(401);
    expect(await statusOf(during, idle.key)).toBe(200);
    await flush(during);
  });

  it('is no news for any node: what they remember of it stays good', async () => {
    const forget = vi.spyOn(KeyCache.prototype, 'forget');
    const { id, key } = await admin.key(before.tenantId);
    expect(await statusOf(during, key)).toBe(200);
    await flush(during);
    // Something that they do hear of, after it.
    await admin.patch(`/admin/tenants/${before.tenantId}`, { name: 'Changed' });
    await expect.poll(() => forget.mock.calls.flat()).toContain(before.tenantId);
    expect(forget.mock.calls.flat()).not.toContain(id);
  });

  it('is counted, so that an operator sees how many were not used', async () => {
    const key = await admin.key(before.tenantId);
    const { previous, unknown } = await count(during);
    expect(previous).toBeGreaterThan(0);
    expect(unknown).toBe(0);
    expect((await count(after)).unknown).toBe(previous);
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    for (const node of [during, after]) await node.app.nest.get(KeyPeppers).tellOfUnknown();
    expect(warn.mock.calls.map(([text]) => String(text))).toEqual([
      expect.stringMatching(`keys in the database, ${previous} were hashed with another pepper`),
    ]);
    expect(await statusOf(during, key.key)).toBe(200);
    await flush(during);
    expect((await count(during)).previous).toBe(previous - 1);
    await admin.delete(key.path);
    expect((await count(during)).previous).toBe(previous - 1);
  });

  it('that was revoked does not come back', async () => {
    const key = await admin.key(before.tenantId);
    await admin.delete(key.path);
    const row = await rowOf(key.id);
    expect(await statusOf(during, key.key)).toBe(401);
    await flush(during);
    expect(await rowOf(key.id)).toEqual(row);
  });

  it('works on in its grace when it is replaced during the rotation, as does the new one', async () => {
    const old = await admin.key(before.tenantId);
    const { json } = await new AdminApi(during).post(`${old.path}/rotate`, { grace_seconds: 3600 });
    const { key } = json as { key: string };
    expect(await statusOf(during, old.key)).toBe(200);
    await flush(during);
    for (const each of [old.key, key]) expect(await statusOf(after, each)).toBe(200);
  });
});

describe('a rotation over many nodes', () => {
  it('refuses no key where all nodes know both peppers before any uses the new one', async () => {
    const [old, made] = [await admin.key(before.tenantId), await new AdminApi(during).key(before.tenantId)];
    for (let round = 0; round < 3; round++) {
      for (const node of [during, prepared]) {
        for (const { key } of [old, made]) expect(await statusOf(node, key)).toBe(200);
        await flush(node);
      }
    }
  });
});

describe('an unknown key', () => {
  it('costs no more statements during a rotation than before (E14)', async () => {
    const statements = vi.spyOn(pg.Client.prototype, 'query');
    const asked = async (node: TestGateway, key: string) => {
      const since = statements.mock.calls.length;
      expect(await statusOf(node, key)).toBe(401);
      const texts = statements.mock.calls.slice(since).map(([query]) => JSON.stringify(query));
      return texts.filter((text) => /FROM \\*"public\\*"\.\\*"api_keys/.test(text)).length;
    };
    expect(await asked(before, mintKey())).toBe(1);
    expect(await asked(during, mintKey())).toBe(1);
    expect(await asked(during, `${mintKey().slice(0, -1)}_`)).toBe(0);
  });
});

describe('a key that is older than marks of peppers', () => {
  it('is marked when it is used, and stays as it is otherwise', async () => {
    const key = await admin.key(before.tenantId);
    const { hash } = await rowOf(key.id);
    await withSession(before.databaseUrl, (session) =>
      session.query('UPDATE api_keys SET pepper_version = 1 WHERE id = $1', [key.id]),
    );
    expect((await count(before)).unmarked).toBe(1);
    expect(await statusOf(before, key.key)).toBe(200);
    await flush(before);
    expect((await count(before)).unmarked).toBe(0);
    expect(await rowOf(key.id)).toMatchObject({ hash });
  });
});
