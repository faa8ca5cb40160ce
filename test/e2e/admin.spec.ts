import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticator } from '../../src/auth/authenticator.service.js';
import { isWellFormedKey } from '../../src/auth/key.js';
import { ADMIN_KEY, type Sent, startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const admin = (path: string, sent: Sent = {}) => gateway.send(path, { key: ADMIN_KEY, ...sent });
const post = (path: string, body: unknown) => admin(path, { method: 'POST', body });
const UNKNOWN_TENANT = `ten_${'0'.repeat(32)}`;
const UNKNOWN_KEY = `key_${'0'.repeat(32)}`;

describe('tenants', () => {
  it('are created and read', async () => {
    const created = await post('/admin/tenants', { name: 'Ünï & Söhne' });
    expect(created.status).toBe(201);
    expect(created.json).toEqual({
      id: expect.stringMatching(/^ten_[0-9a-f]{32}$/) as string,
      object: 'tenant',
      name: 'Ünï & Söhne',
      created_at: expect.any(Number) as number,
    });
    const { id } = created.json as { id: string };
    expect((await admin(`/admin/tenants/${id}`)).json).toEqual(created.json);
  });

  it('are listed page by page, oldest first, each once', async () => {
    for (let i = 0; i < 5; i++) await post('/admin/tenants', { name: `Page ${i}` });
    const seen: string[] = [];
    let after = '';
    for (;;) {
      const { json } = await admin(`/admin/tenants?limit=2${after}`);
      const page = json as {
        object: string;
        data: { id: string }[];
        first_id: string;
        last_id: string;
        has_more: boolean;
      };
      expect(page.object).toBe('list');
      expect([page.first_id, page.last_id]).toEqual([page.data[0]?.id, page.data.at(-1)?.id]);
      seen.push(...page.data.map(({ id }) => id));
      if (!page.has_more) break;
      after = `&after=${page.last_id}`;
    }
    const all = ((await admin('/admin/tenants?limit=100')).json as { data: { id: string }[] }).data;
    expect(seen).toEqual(all.map(({ id }) => id));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBeGreaterThanOrEqual(6);
  });

  it.each([
    ['limit=0', 'limit', 'integer_below_min_value'],
    ['limit=1000000000', 'limit', 'integer_above_max_value'],
    ['limit=ten', 'limit', 'invalid_type'],
    ['limit=1.5', 'limit', 'invalid_type'],
    ['after=', 'after', 'empty_string'],
    ['after=%00', 'after', 'invalid_value'],
    ['order=asc', 'order', 'unknown_parameter'],
  ])('are not listed with %s (C15)', async (query, param, code) => {
    const { status, json } = await admin(`/admin/tenants?${query}`);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { param, code } });
  });

  it.each([
    [{}, 'name', 'missing_required_parameter'],
    [{ name: '' }, 'name', 'empty_string'],
    [{ name: 5 }, 'name', 'invalid_type'],
    [{ name: { not: '' } }, 'name', 'invalid_type'],
    [{ name: 'x'.repeat(201) }, 'name', 'string_above_max_length'],
    [{ name: 'a\u0000b' }, 'name', 'invalid_value'],
    [{ name: 'x', id: 'ten_mine' }, 'id', 'unknown_parameter'],
    [{ name: 'x', createdAt: 0 }, 'createdAt', 'unknown_parameter'],
  ])('are not created from %j (C11, E5)', async (body, param, code) => {
    const { status, json } = await post('/admin/tenants', body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { param, code, type: 'invalid_request_error' } });
  });

  it.each(['x', UNKNOWN_TENANT, '%00', '..%2f..', 'ten_%25', "ten_' OR 1=1"])(
    'are not found as %s',
    async (id) => {
      const { status, json } = await admin(`/admin/tenants/${id}`);
      expect(status).toBe(404);
      expect(json).toMatchObject({ error: { code: 'not_found', type: 'invalid_request_error' } });
    },
  );
});

describe('keys', () => {
  it('are shown once, at their creation', async () => {
    const created = await post(`/admin/tenants/${gateway.tenantId}/keys`, {
      name: 'claims',
      expires_at: '2030-01-01T00:00:00Z',
    });
    expect(created.status).toBe(201);
    const { key, ...rest } = created.json as { key: string; id: string };
    expect(isWellFormedKey(key)).toBe(true);
    expect(rest).toEqual({
      id: expect.stringMatching(/^key_[0-9a-f]{32}$/) as string,
      object: 'api_key',
      tenant_id: gateway.tenantId,
      name: 'claims',
      display: `cbr_live_…${key.slice(-4)}`,
      created_at: expect.any(Number) as number,
      expires_at: 1893456000,
      revoked_at: null,
      unsupported_params: null,
    });
    const read = await admin(`/admin/tenants/${gateway.tenantId}/keys/${rest.id}`);
    expect(read.json).toEqual(rest);
    const listed = await admin(`/admin/tenants/${gateway.tenantId}/keys`);
    expect((listed.json as { data: unknown[] }).data).toContainEqual(rest);
    expect(listed.text + read.text).not.toContain(key);
    expect(listed.text).not.toMatch(/hash|pepper/i);
  });

  it.each(['refuse', 'drop', null] as const)(
    'may say what becomes of parameters that a model lacks: %s',
    async (unsupported_params) => {
      const path = `/admin/tenants/${gateway.tenantId}/keys`;
      const created = await post(path, { name: 'strict', unsupported_params });
      expect(created.status).toBe(201);
      expect(created.json).toMatchObject({ unsupported_params });
      const { id, key } = created.json as { id: string; key: string };
      expect((await admin(`${path}/${id}`)).json).toMatchObject({ unsupported_params });
      const principal = await gateway.app.nest.get(Authenticator).authenticate(`Bearer ${key}`);
      expect(principal).toMatchObject({ keyId: id, unsupportedParams: unsupported_params ?? undefined });
    },
  );

  it('are revoked once and for all, and may be revoked again', async () => {
    const { id } = (await post(`/admin/tenants/${gateway.tenantId}/keys`, { name: 'short' })).json as {
      id: string;
    };
    const path = `/admin/tenants/${gateway.tenantId}/keys/${id}`;
    const first = await admin(path, { method: 'DELETE' });
    expect(first.status).toBe(200);
    expect((first.json as { revoked_at: number }).revoked_at).toBeGreaterThan(1_700_000_000);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await admin(path, { method: 'DELETE' })).json).toEqual(first.json);
  });

  it('of another tenant look like no keys at all (E2)', async () => {
    const other = (await post('/admin/tenants', { name: 'Other' })).json as { id: string };
    const { id } = (await post(`/admin/tenants/${other.id}/keys`, { name: 'theirs' })).json as { id: string };
    for (const method of ['GET', 'DELETE']) {
      const foreign = await admin(`/admin/tenants/${gateway.tenantId}/keys/${id}`, { method });
      const unknown = await admin(`/admin/tenants/${gateway.tenantId}/keys/${UNKNOWN_KEY}`, { method });
      expect(foreign.status).toBe(404);
      expect(foreign.text.replaceAll(id, '')).toBe(unknown.text.replaceAll(UNKNOWN_KEY, ''));
    }
    const kept = await admin(`/admin/tenants/${other.id}/keys/${id}`);
    expect(kept.json).toMatchObject({ revoked_at: null });
  });

  it.each([
    [{ name: 'x', expires_at: 'tomorrow' }, 'expires_at', 'invalid_type'],
    [{ name: 'x', expires_at: '2030-01-01T00:00:00' }, 'expires_at', 'invalid_type'],
    [{ name: 'x', expires_at: '2030-W01-1T00:00:00Z' }, 'expires_at', 'invalid_type'],
    [{ name: 'x', expires_at: '20300101T000000Z' }, 'expires_at', 'invalid_type'],
    [{ name: 'x', expires_at: '9999-12-31T23:59:59-23:59' }, 'expires_at', 'invalid_type'],
    [{ name: 'x', expires_at: -1 }, 'expires_at', 'invalid_type'],
    [{ name: 'x', expires_at: 1e300 }, 'expires_at', 'invalid_type'],
    [{ name: 'x', unsupported_params: 'ignore' }, 'unsupported_params', 'invalid_value'],
    [{ name: 'x', unsupported_params: 'DROP' }, 'unsupported_params', 'invalid_value'],
    [{ name: 'x', unsupported_params: '' }, 'unsupported_params', 'invalid_value'],
    [{ name: 'x', unsupported_params: true }, 'unsupported_params', 'invalid_type'],
    [{ name: 'x', scopes: ['admin'] }, 'scopes', 'unknown_parameter'],
    [{ name: 'x', tenant_id: 'ten_other' }, 'tenant_id', 'unknown_parameter'],
    [{}, 'name', 'missing_required_parameter'],
  ])('are not created from %j', async (body, param, code) => {
    const { status, json } = await post(`/admin/tenants/${gateway.tenantId}/keys`, body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { param, code } });
  });

  it('have no other setting in the database either', async () => {
    const client = new Client({ connectionString: gateway.databaseUrl });
    await client.connect();
    try {
      const update = client.query("UPDATE api_keys SET unsupported_params = 'ignore'");
      await expect(update).rejects.toThrow('api_keys_unsupported_params_check');
    } finally {
      await client.end();
    }
  });

  it('are not created for a tenant that does not exist', async () => {
    expect((await post(`/admin/tenants/${UNKNOWN_TENANT}/keys`, { name: 'x' })).status).toBe(404);
  });
});
