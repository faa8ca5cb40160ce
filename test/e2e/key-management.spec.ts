// Keys that manage the keys of their tenant: never more than they have themselves.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdminApi, type MadeKey } from '../support/admin.js';
import { type Answer, startTestGateway, type TestGateway } from '../support/gateway.js';
import { contents } from '../support/tables.js';

let gateway: TestGateway;
let admin: AdminApi;
beforeAll(async () => {
  gateway = await startTestGateway();
  admin = new AdminApi(gateway);
});
afterAll(() => gateway.close());

/** What the manager of most tests has. */
const OWN = {
  scopes: ['inference', 'keys:manage'],
  models: ['acme/*'],
  expires_at: 2208988800,
  ip_allowlist: ['127.0.0.0/8', '10.0.0.0/8'],
  limits: {
    requests_per_minute: 1_000_000,
    tokens_per_minute: 1000,
    max_concurrency: 5,
    monthly_budget_usd: 10,
    total_budget_usd: 100,
  },
};

/** Within that. */
const WITHIN = {
  scopes: ['inference'],
  models: ['acme/eye'],
  expires_at: 2208900000,
  ip_allowlist: ['127.0.0.1/32'],
  limits: { ...OWN.limits, max_concurrency: 1 },
};

/** Each part, made too much: the parameter that is told, and what is said. */
const TOO_MUCH: readonly (readonly [string, object])[] = [
  ['scopes', { scopes: ['usage:read'] }],
  ['scopes', { scopes: ['inference', 'admin'] }],
  ['scopes', { scopes: ['admin'] }],
  ['models', { models: null }],
  ['models', { models: ['*'] }],
  ['models', { models: ['zeta/*'] }],
  ['models', { models: ['acme/eye', 'cerebro-phi3.5-vision-instruct'] }],
  ['expires_at', { expires_at: null }],
  ['expires_at', { expires_at: 2208988801 }],
  ['ip_allowlist', { ip_allowlist: null }],
  ['ip_allowlist', { ip_allowlist: ['0.0.0.0/0'] }],
  ['ip_allowlist', { ip_allowlist: ['127.0.0.1', '::1'] }],
  ...Object.entries(OWN.limits).flatMap(([name, value]): [string, object][] => [
    [`limits.${name}`, { limits: { ...WITHIN.limits, [name]: null } }],
    [`limits.${name}`, { limits: { ...WITHIN.limits, [name]: value + 1 } }],
  ]),
];

const manager = (tenantId: string, body: object = {}): Promise<MadeKey> =>
  admin.key(tenantId, { name: 'manager', ...OWN, ...body });
const keysOf = ({ tenantId }: MadeKey) => `/admin/tenants/${tenantId}/keys`;
const refusedFor = (param: string) => ({ error: { code: 'insufficient_permissions', param } });

function expectRefused(answer: Answer, param: string): void {
  expect(answer.status, answer.text).toBe(403);
  expect(answer.json).toMatchObject(refusedFor(param));
}

describe('a key that manages keys', () => {
  it('makes, reads, changes, rotates and revokes keys within its own rights', async () => {
    const own = await manager(gateway.tenantId);
    const made = await admin.post(keysOf(own), { name: 'mine', ...WITHIN }, own.key);
    expect(made.status, made.text).toBe(201);
    const { id } = made.json as { id: string };
    const path = `${keysOf(own)}/${id}`;
    expect((await admin.send(path, { key: own.key })).json).toMatchObject({ id, ...WITHIN });
    expect((await admin.patch(path, { name: 'renamed', models: ['acme/ear'] }, own.key)).status).toBe(200);
    const rotated = await admin.post(`${path}/rotate`, { grace_seconds: 60 }, own.key);
    expect(rotated.status).toBe(201);
    expect((await admin.delete(path, own.key)).json).toMatchObject({ status: 'revoked' });
    const events = (await admin.send(`/admin/audit-events?tenant_id=${own.tenantId}&actor_id=${own.id}`))
      .json as {
      data: { action: string; actor: object }[];
    };
    expect(events.data.map(({ action }) => action)).toEqual([
      ...['key.create', 'key.update', 'key.rotate', 'key.revoke'],
    ]);
    expect(events.data[0]?.actor).toEqual({ kind: 'key', id: own.id, tenant_id: own.tenantId });
  });

  it('gives its own limits to keys that it makes without, and no others', async () => {
    const own = await manager(gateway.tenantId);
    const body = { ...WITHIN, name: 'x', limits: { max_concurrency: 2 } };
    const made = await admin.post(keysOf(own), body, own.key);
    expect(made.json).toMatchObject({ limits: { ...OWN.limits, max_concurrency: 2 } });
    expectRefused(await admin.post(keysOf(own), { name: 'x', scopes: ['inference'] }, own.key), 'models');
  });

  it.each(TOO_MUCH)('cannot make a key with more: %s, %j (P3, E4)', async (param, more) => {
    const own = await manager(gateway.tenantId);
    const before = await contents(gateway.databaseUrl);
    expectRefused(await admin.post(keysOf(own), { name: 'x', ...WITHIN, ...more }, own.key), param);
    expect(await contents(gateway.databaseUrl)).toEqual(before);
  });

  it.each(TOO_MUCH)('cannot raise a key to more: %s, %j (P3, E4)', async (param, more) => {
    const own = await manager(gateway.tenantId);
    const target = await admin.key(gateway.tenantId, WITHIN);
    const before = await contents(gateway.databaseUrl);
    expectRefused(await admin.patch(target.path, more, own.key), param);
    expectRefused(await admin.patch(own.path, more, own.key), param);
    expect(await contents(gateway.databaseUrl)).toEqual(before);
  });

  it.each(TOO_MUCH)('cannot lay hands on a key with more: %s, %j (P3, E4)', async (param, more) => {
    const own = await manager(gateway.tenantId);
    const target = await admin.key(gateway.tenantId, { ...WITHIN, ...more });
    const before = await contents(gateway.databaseUrl);
    for (const answer of [
      await admin.patch(target.path, WITHIN, own.key),
      await admin.patch(target.path, {}, own.key),
      await admin.post(`${target.path}/rotate`, {}, own.key),
      await admin.delete(target.path, own.key),
    ]) {
      expectRefused(answer, param);
    }
    expect(await contents(gateway.databaseUrl)).toEqual(before);
  });

  it('may replace itself, and end itself: the successor manages on', async () => {
    const own = await manager(gateway.tenantId);
    const rotated = await admin.post(`${own.path}/rotate`, {}, own.key);
    expect(rotated.status).toBe(201);
    const next = rotated.json as { id: string; key: string };
    expect((await admin.send(own.path, { key: own.key })).status).toBe(401);
    expect((await admin.delete(`${keysOf(own)}/${next.id}`, next.key)).json).toMatchObject({
      status: 'revoked',
    });
    expect((await admin.send(own.path, { key: next.key })).status).toBe(401);
  });

  it('has what it has now: what was taken from it a moment ago is not given on', async () => {
    const own = await manager(gateway.tenantId);
    await admin.patch(own.path, { limits: { max_concurrency: 1 } });
    const more = { ...WITHIN, limits: { ...WITHIN.limits, max_concurrency: 2 } };
    expectRefused(await admin.post(keysOf(own), { name: 'x', ...more }, own.key), 'limits.max_concurrency');
  });

  it('does nothing to tenants, its own included, and knows no other', async () => {
    const own = await manager(gateway.tenantId);
    const other = await admin.tenant();
    expect((await admin.send(`/admin/tenants/${own.tenantId}`, { key: own.key })).status).toBe(200);
    for (const answer of [
      await admin.send('/admin/tenants', { key: own.key }),
      await admin.post('/admin/tenants', { name: 'x' }, own.key),
      await admin.patch(`/admin/tenants/${own.tenantId}`, { limits: {} }, own.key),
      await admin.delete(`/admin/tenants/${own.tenantId}`, own.key),
      await admin.send('/admin/audit-events', { key: own.key }),
    ]) {
      expect(answer.status).toBe(403);
    }
    expect((await admin.send(other.path, { key: own.key })).json).toMatchObject({
      error: { code: 'not_found', message: `No such tenant: '${other.id}'.` },
    });
    expect((await admin.post(`${other.path}/keys`, { name: 'x' }, own.key)).status).toBe(404);
  });
});

describe('a key with the scope admin', () => {
  it('does what the root key does, and alone gives that scope on (E4)', async () => {
    const operator = await admin.key(gateway.tenantId, { scopes: ['admin'] });
    const other = await admin.tenant();
    const made = await admin.post(`${other.path}/keys`, { name: 'x', scopes: ['admin'] }, operator.key);
    expect(made.status).toBe(201);
    expect((await admin.patch(other.path, { suspended: true }, operator.key)).status).toBe(200);
    expect((await gateway.complete({}, { key: operator.key })).status).toBe(403);
    const events = (await admin.send(`/admin/audit-events?target_id=${other.id}&action=tenant.suspend`))
      .json as {
      data: unknown[];
    };
    expect(events.data).toMatchObject([
      { actor: { kind: 'key', id: operator.id, tenant_id: gateway.tenantId } },
    ]);
  });
});
