import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticator } from '../../src/auth/authenticator.service.js';
import { isWellFormedKey } from '../../src/auth/key.js';
import { AdminApi } from '../support/admin.js';
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let admin: AdminApi;
let keys: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  admin = new AdminApi(gateway);
  keys = `/admin/tenants/${gateway.tenantId}/keys`;
});
afterAll(() => gateway.close());

const UNKNOWN_TENANT = `ten_${'0'.repeat(32)}`;
const UNKNOWN_KEY = `key_${'0'.repeat(32)}`;
const NO_LIMITS = {
  requests_per_minute: null,
  tokens_per_minute: null,
  max_concurrency: null,
  monthly_budget_usd: null,
  total_budget_usd: null,
};

async function query(sql: string, values: unknown[] = []): Promise<void> {
  const client = new Client({ connectionString: gateway.databaseUrl });
  await client.connect();
  try {
    await client.query(sql, values);
  } finally {
    await client.end();
  }
}

describe('keys', () => {
  it('are shown once, at their creation', async () => {
    const created = await admin.post(keys, { name: 'claims', expires_at: '2040-01-01T00:00:00Z' });
    expect(created.status).toBe(201);
    const { key, ...rest } = created.json as { key: string; id: string };
    expect(isWellFormedKey(key)).toBe(true);
    expect(rest).toEqual({
      id: expect.stringMatching(/^key_[0-9a-f]{32}$/) as string,
      object: 'api_key',
      tenant_id: gateway.tenantId,
      name: 'claims',
      display: `cbr_live_…${key.slice(-4)}`,
      status: 'active',
      scopes: ['inference'],
      models: null,
      ip_allowlist: null,
      limits: NO_LIMITS,
      unsupported_params: null,
      created_at: expect.any(Number) as number,
      expires_at: 2208988800,
      revoked_at: null,
      last_used_at: null,
      rotated_from: null,
      rotated_to: null,
    });
    const read = await admin.send(`${keys}/${rest.id}`);
    expect(read.json).toEqual(rest);
    const listed = await admin.send(keys);
    expect((listed.json as { data: unknown[] }).data).toContainEqual(rest);
    expect(listed.text + read.text).not.toContain(key);
    expect(listed.text).not.toMatch(/hash|pepper/i);
  });

  it('keep all that is said of them, ranges of addresses in one form', async () => {
    const said = {
      name: 'narrow',
      scopes: ['usage:read', 'inference'],
      models: ['acme/*', 'cerebro-phi3.5-vision-instruct', `acme/eye:${'a'.repeat(64)}`],
      expires_at: 2208988800,
      ip_allowlist: ['::ffff:127.0.0.1', '2001:DB8::/32', '127.0.0.1/32'],
      limits: { requests_per_minute: 5, monthly_budget_usd: '1.5' },
      unsupported_params: 'drop',
    };
    const created = await admin.post(keys, said);
    expect(created.status).toBe(201);
    expect(created.json).toMatchObject({
      ...said,
      scopes: ['inference', 'usage:read'],
      ip_allowlist: ['127.0.0.1/32', '2001:db8::/32'],
      limits: { ...NO_LIMITS, requests_per_minute: 5, monthly_budget_usd: 1.5 },
    });
  });

  it.each(['refuse', 'drop', null] as const)(
    'may say what becomes of parameters that a model lacks: %s',
    async (unsupported_params) => {
      const { id, key, path } = await admin.key(gateway.tenantId, { unsupported_params });
      expect((await admin.send(path)).json).toMatchObject({ unsupported_params });
      const principal = await gateway.app.nest.get(Authenticator).authenticate(`Bearer ${key}`, '127.0.0.1');
      expect(principal).toMatchObject({ keyId: id, unsupportedParams: unsupported_params ?? undefined });
    },
  );

  it('are changed where a change names them, and set free where it says null', async () => {
    const { path } = await admin.key(gateway.tenantId, {
      models: ['acme/eye'],
      ip_allowlist: ['10.0.0.0/8'],
      expires_at: 2208988800,
      limits: { max_concurrency: 1, total_budget_usd: 2 },
      unsupported_params: 'drop',
    });
    const before = (await admin.send(path)).json as object;
    expect((await admin.patch(path, {})).json).toEqual(before);
    const renamed = await admin.patch(path, { name: 'new', limits: { total_budget_usd: 3 } });
    expect(renamed.json).toEqual({
      ...before,
      name: 'new',
      limits: { ...NO_LIMITS, max_concurrency: 1, total_budget_usd: 3 },
    });
    const free = { models: null, ip_allowlist: null, expires_at: null, unsupported_params: null };
    const limits = { max_concurrency: null, total_budget_usd: null };
    expect((await admin.patch(path, { ...free, limits })).json).toEqual({
      ...before,
      ...free,
      name: 'new',
      limits: NO_LIMITS,
    });
  });

  it('that are changed count so at once', async () => {
    const { key, path } = await admin.key(gateway.tenantId);
    expect((await gateway.complete({}, { key })).status).toBe(200);
    await admin.patch(path, { scopes: ['usage:read'] });
    expect((await gateway.complete({}, { key })).status).toBe(403);
    await admin.patch(path, { scopes: ['inference'], ip_allowlist: ['192.0.2.1'] });
    expect((await gateway.complete({}, { key })).json).toMatchObject({ error: { code: 'ip_not_allowed' } });
    await admin.patch(path, { ip_allowlist: ['127.0.0.0/8'] });
    expect((await gateway.complete({}, { key })).status).toBe(200);
  });

  it('are not lost to changes at the same time', async () => {
    const { path } = await admin.key(gateway.tenantId);
    const changes = [
      ...[{ limits: { requests_per_minute: 1 } }, { limits: { tokens_per_minute: 2 } }],
      ...[{ models: ['acme/eye'] }, { name: 'together' }, { scopes: ['usage:read'] }],
    ];
    await Promise.all(changes.map((change) => admin.patch(path, change)));
    expect((await admin.send(path)).json).toMatchObject({
      name: 'together',
      models: ['acme/eye'],
      scopes: ['usage:read'],
      limits: { requests_per_minute: 1, tokens_per_minute: 2 },
    });
  });

  it('are revoked once and for all, and may be revoked again', async () => {
    const { key, path } = await admin.key(gateway.tenantId);
    expect((await gateway.complete({}, { key })).status).toBe(200);
    const first = await admin.delete(path);
    expect(first.status).toBe(200);
    expect(first.json).toMatchObject({ status: 'revoked' });
    expect((first.json as { revoked_at: number }).revoked_at).toBeGreaterThan(1_700_000_000);
    expect((await gateway.complete({}, { key })).status).toBe(401);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const again = (await admin.delete(path)).json as object;
    expect({ ...again, last_used_at: null }).toEqual({ ...(first.json as object), last_used_at: null });
    expect((await admin.patch(path, { expires_at: null })).json).toMatchObject({ status: 'revoked' });
    expect((await gateway.complete({}, { key })).status).toBe(401);
  });

  it('that were revoked on one node are refused on another at once (E6)', async () => {
    const other = await startTestGateway({ beside: gateway });
    try {
      const { key, path } = await admin.key(gateway.tenantId);
      const status = async () => (await other.complete({}, { key })).status;
      expect(await status()).toBe(200);
      await admin.delete(path);
      // What is remembered of a key lasts ten seconds: only a notice is faster.
      await eventually('it is refused there', async () => (await status()) === 401, 3000);
    } finally {
      await other.close();
    }
  });

  it('end by the time of the database (E9)', async () => {
    const { id, key, path } = await admin.key(gateway.tenantId);
    expect((await gateway.complete({}, { key })).status).toBe(200);
    await query("UPDATE api_keys SET expires_at = now() - interval '1 ms' WHERE id = $1", [id]);
    await eventually('it is refused', async () => (await gateway.complete({}, { key })).status === 401, 3000);
    expect((await admin.send(path)).json).toMatchObject({ status: 'expired' });
  });

  it('are listed page by page; a cursor that is no key of the tenant is refused in the same words (E2, C15)', async () => {
    const own = await admin.tenant();
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.push((await admin.key(own.id)).id);
    const first = await admin.send(`${own.path}/keys?limit=2`);
    expect(first.json).toMatchObject({ first_id: made[0], last_id: made[1], has_more: true });
    const last = await admin.send(`${own.path}/keys?limit=3&after=${made[1]}`);
    expect(last.json).toMatchObject({ first_id: made[2], last_id: made[4], has_more: false });
    const foreign = await admin.key((await admin.tenant()).id);
    const refusals = await Promise.all(
      [foreign.id, UNKNOWN_KEY, 'x', own.id, '%00'].map((after) =>
        admin.send(`${own.path}/keys?after=${after}`),
      ),
    );
    expect(refusals.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
    expect(refusals[0]?.text).toBe(refusals[1]?.text);
  });

  it.each([
    [{ expires_at: 'tomorrow' }, 'expires_at', 'invalid_type'],
    [{ expires_at: '2040-01-01T00:00:00' }, 'expires_at', 'invalid_type'],
    [{ expires_at: '2040-W01-1T00:00:00Z' }, 'expires_at', 'invalid_type'],
    [{ expires_at: '20400101T000000Z' }, 'expires_at', 'invalid_type'],
    [{ expires_at: '9999-12-31T23:59:59-23:59' }, 'expires_at', 'invalid_value'],
    [{ expires_at: '2040-02-30T00:00:00Z' }, 'expires_at', 'invalid_value'],
    [{ expires_at: -1 }, 'expires_at', 'invalid_value'],
    [{ expires_at: 1e300 }, 'expires_at', 'invalid_value'],
    [{ expires_at: 1_700_000_000 }, 'expires_at', 'invalid_value'],
    [{ unsupported_params: 'ignore' }, 'unsupported_params', 'invalid_value'],
    [{ unsupported_params: 'DROP' }, 'unsupported_params', 'invalid_value'],
    [{ unsupported_params: '' }, 'unsupported_params', 'invalid_value'],
    [{ unsupported_params: true }, 'unsupported_params', 'invalid_type'],
    [{ scopes: [] }, 'scopes', 'empty_array'],
    [{ scopes: 'inference' }, 'scopes', 'invalid_type'],
    [{ scopes: ['root'] }, 'scopes[0]', 'invalid_value'],
    [{ scopes: ['inference', 'inference'] }, 'scopes', 'invalid_value'],
    [{ scopes: [{ not: '' }] }, 'scopes[0]', 'invalid_type'],
    [{ models: [] }, 'models', 'empty_array'],
    [{ models: ['../etc'] }, 'models[0]', 'invalid_value'],
    [{ models: ['acme/**'] }, 'models[0]', 'invalid_value'],
    [{ models: ['acme/eye', ''] }, 'models[1]', 'empty_string'],
    [{ models: Array.from({ length: 101 }, (_, i) => `a/b${i}`) }, 'models', 'array_above_max_length'],
    [{ ip_allowlist: [] }, 'ip_allowlist', 'empty_array'],
    [{ ip_allowlist: ['10.0.0.1/8'] }, 'ip_allowlist[0]', 'invalid_value'],
    [{ ip_allowlist: ['::/129'] }, 'ip_allowlist[0]', 'invalid_value'],
    [{ ip_allowlist: ['example.com'] }, 'ip_allowlist[0]', 'invalid_value'],
    [{ ip_allowlist: ['127.1'] }, 'ip_allowlist[0]', 'invalid_value'],
    [{ limits: { max_concurrency: -1 } }, 'limits.max_concurrency', 'integer_below_min_value'],
    [{ limits: { total_budget_usd: '1e9' } }, 'limits.total_budget_usd', 'decimal_above_max_value'],
    [{ tenant_id: 'ten_other' }, 'tenant_id', 'unknown_parameter'],
    [{ account_id: 'key_other' }, 'account_id', 'unknown_parameter'],
    [{ accountId: 'key_other' }, 'accountId', 'unknown_parameter'],
  ])('are neither created nor changed with %j (P4, C8, C11, E5)', async (body, param, code) => {
    const { path } = await admin.key(gateway.tenantId);
    const before = await admin.send(path);
    for (const answer of [await admin.post(keys, { name: 'x', ...body }), await admin.patch(path, body)]) {
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ error: { param, code } });
    }
    expect((await admin.send(path)).text).toBe(before.text);
  });

  it('are not created without a name, nor for a tenant that does not exist', async () => {
    expect((await admin.post(keys, {})).json).toMatchObject({
      error: { param: 'name', code: 'missing_required_parameter' },
    });
    expect((await admin.post(`/admin/tenants/${UNKNOWN_TENANT}/keys`, { name: 'x' })).status).toBe(404);
  });

  it('have no other setting in the database either', async () => {
    const update = query("UPDATE api_keys SET unsupported_params = 'ignore'");
    await expect(update).rejects.toThrow('api_keys_unsupported_params_check');
  });
});
