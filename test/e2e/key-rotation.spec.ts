import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withSession } from '../../src/database/migrations.js';
import { AdminApi, type MadeKey } from '../support/admin.js';
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { atOnce } from '../support/tables.js';

let gateway: TestGateway;
let admin: AdminApi;
beforeAll(async () => {
  gateway = await startTestGateway();
  admin = new AdminApi(gateway);
});
afterAll(() => gateway.close());

interface Shown {
  id: string;
  status: string;
  created_at: number;
  expires_at: number | null;
  rotated_from: string | null;
  rotated_to: string | null;
}

const rotate = (key: Pick<MadeKey, 'path'>, body: object = {}) => admin.post(`${key.path}/rotate`, body);
const shown = async (key: Pick<MadeKey, 'path'>) => (await admin.send(key.path)).json as Shown;
const status = async ({ key }: Pick<MadeKey, 'key'>) => (await gateway.complete({}, { key })).status;

async function successorOf(key: MadeKey, body: object = {}): Promise<MadeKey> {
  const answer = await rotate(key, body);
  expect(answer.status, answer.text).toBe(201);
  const { id, key: secret } = answer.json as MadeKey;
  return { ...key, id, key: secret, path: key.path.replace(key.id, id) };
}

/** Moves the end of a key, as time would. */
const endAt = (id: string, interval: string) =>
  withSession(gateway.databaseUrl, (session) =>
    session.query(`UPDATE api_keys SET expires_at = now() + interval '${interval}' WHERE id = $1`, [id]),
  );

describe('a rotated key', () => {
  it('ends at once without a grace, and its successor may do the same on the same account (E10)', async () => {
    const old = await admin.key(gateway.tenantId, {
      scopes: ['inference', 'usage:read'],
      models: ['cerebro-phi3.5-vision-instruct'],
      ip_allowlist: ['127.0.0.0/8'],
      expires_at: 2208988800,
      limits: { requests_per_minute: 100, max_concurrency: 5 },
      unsupported_params: 'drop',
    });
    const before = (await admin.send(old.path)).json as object;
    const next = await successorOf(old);
    expect(next.key).not.toBe(old.key);
    const after = (await admin.send(next.path)).json as Shown & { display: string };
    expect(after).toEqual({
      ...before,
      id: next.id,
      display: `cbr_live_…${next.key.slice(-4)}`,
      created_at: after.created_at,
      rotated_from: old.id,
    });
    expect(await shown(old)).toMatchObject({ status: 'expired', rotated_to: next.id });
    expect(await status(old)).toBe(401);
    expect(await status(next)).toBe(200);
    const accounts = await withSession(gateway.databaseUrl, async (session) => {
      const { rows } = await session.query<{ account_id: string }>(
        'SELECT account_id FROM api_keys WHERE id = ANY($1)',
        [[old.id, next.id, (await successorOf(next)).id]],
      );
      return rows;
    });
    expect(accounts).toEqual([{ account_id: old.id }, { account_id: old.id }, { account_id: old.id }]);
  });

  it('works through its grace, and says until when (E10)', async () => {
    const old = await admin.key(gateway.tenantId);
    const next = await successorOf(old, { grace_seconds: 3600 });
    const answer = await gateway.complete({}, { key: old.key });
    expect(answer.status).toBe(200);
    const ends = String(answer.headers['x-cerebro-key-expires']);
    expect(ends).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/);
    expect(Math.floor(Date.parse(ends) / 1000)).toBe((await shown(old)).expires_at);
    const fresh = await gateway.complete({}, { key: next.key });
    expect(fresh.status).toBe(200);
    expect(fresh.headers).not.toHaveProperty('x-cerebro-key-expires');
    await endAt(old.id, '0 s');
    await eventually('the grace is over', async () => (await status(old)) === 401, 3000);
    expect(await status(next)).toBe(200);
  });

  it('does not live longer for its grace than it would have', async () => {
    const old = await admin.key(gateway.tenantId);
    await endAt(old.id, '60 s');
    const { expires_at } = await shown(old);
    const next = await successorOf(old, { grace_seconds: 604_800 });
    expect(await shown(old)).toMatchObject({ expires_at });
    expect(await shown(next)).toMatchObject({ expires_at });
  });

  it('ends at once when its successor is rotated: two of a chain work at most', async () => {
    const first = await admin.key(gateway.tenantId);
    const second = await successorOf(first, { grace_seconds: 3600 });
    expect(await status(first)).toBe(200);
    const third = await successorOf(second, { grace_seconds: 3600 });
    expect(await Promise.all([first, second, third].map(status))).toEqual([401, 200, 200]);
    expect(await shown(third)).toMatchObject({ rotated_from: second.id, rotated_to: null });
  });

  it('cannot be rotated again, nor be given more time', async () => {
    const old = await admin.key(gateway.tenantId);
    await successorOf(old, { grace_seconds: 600 });
    const again = await rotate(old);
    expect([again.status, again.json]).toMatchObject([409, { error: { code: 'already_rotated' } }]);
    for (const expires_at of [null, 2208988800]) {
      const longer = await admin.patch(old.path, { expires_at });
      expect([longer.status, longer.json]).toMatchObject([409, { error: { code: 'already_rotated' } }]);
    }
    const { expires_at } = await shown(old);
    expect((await admin.patch(old.path, { expires_at: (expires_at ?? 0) - 300 })).status).toBe(200);
  });

  it('is rotated by one of several that try at the same time', async () => {
    const old = await admin.key(gateway.tenantId);
    const row = `SELECT FROM api_keys WHERE id = '${old.id}' FOR UPDATE`;
    const five = Array.from({ length: 5 }, () => () => rotate(old, { grace_seconds: 60 }));
    const answers = await atOnce(gateway.databaseUrl, row, five);
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409, 409]);
    const all = await admin.list<Shown>(`/admin/tenants/${old.tenantId}/keys`);
    expect(all.filter(({ rotated_from }) => rotated_from === old.id)).toHaveLength(1);
  });

  it('must work: what is revoked or over has no successor', async () => {
    const revoked = await admin.key(gateway.tenantId);
    await admin.delete(revoked.path);
    const over = await admin.key(gateway.tenantId);
    await endAt(over.id, '-1 s');
    for (const [key, word] of [
      [revoked, 'revoked'],
      [over, 'expired'],
    ] as const) {
      const { status, json } = await rotate(key);
      expect(status).toBe(400);
      expect((json as { error: { message: string } }).error.message).toContain(`This key is ${word}`);
    }
  });

  it.each([
    [{ grace_seconds: -1 }, 'integer_below_min_value'],
    [{ grace_seconds: 604_801 }, 'integer_above_max_value'],
    [{ grace_seconds: '60' }, 'invalid_type'],
    [{ grace_seconds: 0.5 }, 'invalid_type'],
    [{ key: 'cbr_live_mine' }, 'unknown_parameter'],
    [{ scopes: ['admin'] }, 'unknown_parameter'],
  ])('is not rotated with %j', async (body, code) => {
    const old = await admin.key(gateway.tenantId);
    const { status, json } = await rotate(old, body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code } });
    expect(await shown(old)).toMatchObject({ rotated_to: null, status: 'active' });
  });

  it('is followed by its successor on another node at once', async () => {
    const other = await startTestGateway({ beside: gateway });
    try {
      const old = await admin.key(gateway.tenantId);
      expect((await other.complete({}, { key: old.key })).status).toBe(200);
      const next = await successorOf(old);
      expect((await other.complete({}, { key: next.key })).status).toBe(200);
      const isOver = async () => (await other.complete({}, { key: old.key })).status === 401;
      await eventually('the old one is refused there', isOver, 3000);
    } finally {
      await other.close();
    }
  });
});
