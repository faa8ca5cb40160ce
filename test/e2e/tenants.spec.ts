import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withSession } from '../../src/database/migrations.js';
import { ADMIN_KEY, eventually, type Sent, startTestGateway, type TestGateway } from '../support/gateway.js';
import { atOnce } from '../support/tables.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const admin = (path: string, sent: Sent = {}) => gateway.send(path, { key: ADMIN_KEY, ...sent });
const post = (path: string, body: unknown) => admin(path, { method: 'POST', body });
const patch = (path: string, body: unknown) => admin(path, { method: 'PATCH', body });
const UNKNOWN_TENANT = `ten_${'0'.repeat(32)}`;
const NO_LIMITS = {
  requests_per_minute: null,
  tokens_per_minute: null,
  max_concurrency: null,
  monthly_budget_usd: null,
  total_budget_usd: null,
};

async function newTenant(body: object = {}): Promise<{ id: string; path: string }> {
  const { json, status, text } = await post('/admin/tenants', { name: 'Acme', ...body });
  expect(status, text).toBe(201);
  const { id } = json as { id: string };
  return { id, path: `/admin/tenants/${id}` };
}

async function newKey(path: string): Promise<string> {
  return ((await post(`${path}/keys`, { name: 'k' })).json as { key: string }).key;
}

const stored = (id: string) =>
  withSession(gateway.databaseUrl, async (session) => {
    const { rows } = await session.query<Record<string, unknown>>('SELECT * FROM tenants WHERE id = $1', [
      id,
    ]);
    return rows[0];
  });

describe('tenants', () => {
  it('are created and read', async () => {
    const created = await post('/admin/tenants', { name: 'Ünï & Söhne' });
    expect(created.status).toBe(201);
    expect(created.json).toEqual({
      id: expect.stringMatching(/^ten_[0-9a-f]{32}$/) as string,
      object: 'tenant',
      name: 'Ünï & Söhne',
      created_at: expect.any(Number) as number,
      status: 'active',
      suspended_at: null,
      limits: NO_LIMITS,
      upstream_account: { own: false, token_set_at: null },
      alerts: { url: null, thresholds: [50, 80, 100] },
      retention: { content_days: null },
    });
    const { id } = created.json as { id: string };
    expect((await admin(`/admin/tenants/${id}`)).json).toEqual(created.json);
  });

  it('are listed page by page, oldest first, each once, deleted ones not', async () => {
    for (let i = 0; i < 5; i++) await newTenant({ name: `Page ${i}` });
    const gone = await newTenant();
    await admin(gone.path, { method: 'DELETE' });
    const seen: string[] = [];
    let after = '';
    for (;;) {
      const page = (await admin(`/admin/tenants?limit=2${after}`)).json as {
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
    expect(seen).not.toContain(gone.id);
  });

  it.each([
    ['limit=0', 'limit', 'integer_below_min_value'],
    ['limit=1000000000', 'limit', 'integer_above_max_value'],
    ['limit=ten', 'limit', 'invalid_type'],
    ['limit=1.5', 'limit', 'invalid_type'],
    ['after=', 'after', 'empty_string'],
    ['after=%00', 'after', 'invalid_value'],
    ['after=x', 'after', 'invalid_value'],
    [`after=key_${'0'.repeat(32)}`, 'after', 'invalid_value'],
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
    [{ name: 'x', suspended: true }, 'suspended', 'unknown_parameter'],
    [{ name: 'x', upstream_token: 'r8_x' }, 'upstream_token', 'unknown_parameter'],
    [{ name: 'x', limits: [] }, 'limits', 'invalid_type'],
    [{ name: 'x', limits: { spent: 0 } }, 'limits.spent', 'unknown_parameter'],
    [{ name: 'x', limits: { max_concurrency: -1 } }, 'limits.max_concurrency', 'integer_below_min_value'],
    [{ name: 'x', limits: { max_concurrency: 1e10 } }, 'limits.max_concurrency', 'integer_above_max_value'],
    [{ name: 'x', limits: { tokens_per_minute: 1.5 } }, 'limits.tokens_per_minute', 'invalid_type'],
    [{ name: 'x', limits: { requests_per_minute: '5' } }, 'limits.requests_per_minute', 'invalid_type'],
    ...([
      [-0.01, 'decimal_below_min_value'],
      ['-1', 'decimal_below_min_value'],
      [10_000_000.01, 'decimal_above_max_value'],
      ['10000000.000000001', 'decimal_above_max_value'],
      ['0.0000000001', 'invalid_value'],
      [1e-10, 'invalid_value'],
      ['1e3', 'invalid_value'],
      ['', 'invalid_value'],
      ['$5', 'invalid_value'],
      [true, 'invalid_type'],
      [{ not: 0 }, 'invalid_type'],
    ].map(([budget, code]) => [
      { name: 'x', limits: { monthly_budget_usd: budget } },
      'limits.monthly_budget_usd',
      code,
    ]) as [object, string, string][]),
    [{ name: 'x', alerts: { url: 'http://example.com/' } }, 'alerts.url', 'invalid_value'],
    [{ name: 'x', alerts: { url: 'example.com' } }, 'alerts.url', 'invalid_value'],
    [{ name: 'x', alerts: { thresholds: [0] } }, 'alerts.thresholds[0]', 'integer_below_min_value'],
    [{ name: 'x', alerts: { thresholds: [50, 50] } }, 'alerts.thresholds', 'invalid_value'],
    [{ name: 'x', alerts: { secret: 'whsec_mine' } }, 'alerts.secret', 'unknown_parameter'],
  ] as [object, string, string][])('are not created from %j (C8, C11, E5)', async (body, param, code) => {
    const { status, json } = await post('/admin/tenants', body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { param, code, type: 'invalid_request_error' } });
  });

  it.each(['x', UNKNOWN_TENANT, '%00', '..%2f..', 'ten_%25', "ten_' OR 1=1"])(
    'are not found as %s',
    async (id) => {
      for (const [method, body] of [['GET'], ['PATCH', {}], ['DELETE']] as [string, object?][]) {
        const { status, json } = await admin(`/admin/tenants/${id}`, { method, body });
        expect(status).toBe(404);
        expect(json).toMatchObject({ error: { code: 'not_found', type: 'invalid_request_error' } });
      }
    },
  );
});

describe('limits of a tenant', () => {
  it('are kept exactly, as numbers and as texts (F7)', async () => {
    const limits = {
      requests_per_minute: 0,
      tokens_per_minute: 1_000_000_000,
      max_concurrency: 3,
      monthly_budget_usd: '9999999.999999999',
      total_budget_usd: 0.1,
    };
    const { id, path } = await newTenant({ limits });
    expect(await stored(id)).toMatchObject({
      monthly_budget_nanos: '9999999999999999',
      total_budget_nanos: '100000000',
    });
    expect((await admin(path)).json).toMatchObject({
      limits: { ...limits, monthly_budget_usd: 9999999.999999999 },
    });
  });

  it('stay where a change does not name them, and go where it says null', async () => {
    const { path } = await newTenant({ limits: { max_concurrency: 3, monthly_budget_usd: 5 } });
    const changed = await patch(path, { limits: { max_concurrency: null, total_budget_usd: '0.000000001' } });
    expect(changed.status).toBe(200);
    expect(changed.json).toMatchObject({
      limits: { ...NO_LIMITS, monthly_budget_usd: 5, total_budget_usd: 1e-9 },
    });
    expect((await patch(path, {})).json).toEqual(changed.json);
    expect((await patch(path, { limits: {} })).json).toEqual(changed.json);
    expect((await patch(path, { limits: null, name: null })).json).toEqual(changed.json);
  });

  it('are not lost to changes at the same time', async () => {
    const { id, path } = await newTenant();
    const changes = [
      ...[{ requests_per_minute: 1 }, { tokens_per_minute: 2 }, { max_concurrency: 3 }],
      ...[{ monthly_budget_usd: 4 }, { total_budget_usd: 5 }],
    ];
    const row = `SELECT FROM tenants WHERE id = '${id}' FOR UPDATE`;
    const patches = changes.map((limits) => () => patch(path, { limits }));
    const answers = await atOnce(gateway.databaseUrl, row, patches);
    expect(answers.map(({ status }) => status)).toEqual(changes.map(() => 200));
    expect((await admin(path)).json).toMatchObject({ limits: Object.assign({}, ...changes) as object });
    const events = (await admin(`/admin/audit-events?action=tenant.update&limit=100`)).json as {
      data: { before: { limits: object }; after: { limits: object } }[];
    };
    const [first, ...rest] = events.data.slice(-changes.length);
    // Each change has seen the one before it.
    rest.reduce((one, next) => (expect(next.before).toEqual(one?.after), next), first);
  });
});

describe('a suspended tenant', () => {
  it('has no working key until it is resumed, on this node at once (E17)', async () => {
    const { path } = await newTenant();
    const key = await newKey(path);
    expect((await gateway.complete({}, { key })).status).toBe(200);
    const suspended = await patch(path, { suspended: true });
    expect(suspended.json).toMatchObject({ status: 'suspended', suspended_at: expect.any(Number) as number });
    expect((await gateway.complete({}, { key })).status).toBe(401);
    expect((await patch(path, { suspended: true })).json).toEqual(suspended.json);
    expect((await patch(path, { suspended: false })).json).toMatchObject({
      status: 'active',
      suspended_at: null,
    });
    expect((await gateway.complete({}, { key })).status).toBe(200);
  });
});

describe('a deleted tenant', () => {
  it('is gone, with its keys, and its row stays (E17)', async () => {
    const { id, path } = await newTenant();
    const key = await newKey(path);
    const deleted = await admin(path, { method: 'DELETE' });
    expect(deleted.status).toBe(200);
    expect(deleted.json).toEqual({ id, object: 'tenant.deleted', deleted: true });
    expect((await gateway.complete({}, { key })).status).toBe(401);
    for (const [method, route] of [
      ['GET', path],
      ['PATCH', path],
      ['DELETE', path],
      ['GET', `${path}/keys`],
      ['POST', `${path}/keys`],
    ] as const) {
      const body = method === 'POST' ? { name: 'x' } : method === 'PATCH' ? {} : undefined;
      expect((await admin(route, { method, body })).status, `${method} ${route}`).toBe(404);
    }
    expect(await stored(id)).toMatchObject({ deleted_at: expect.any(Date) as Date });
  });

  it('gets no key that is minted while it is deleted', async () => {
    const { id, path } = await newTenant();
    const row = `SELECT FROM tenants WHERE id = '${id}' FOR UPDATE`;
    const [, ...minted] = await atOnce(gateway.databaseUrl, row, [
      () => admin(path, { method: 'DELETE' }),
      ...Array.from({ length: 5 }, () => () => post(`${path}/keys`, { name: 'late' })),
    ]);
    for (const { status, json } of minted) {
      expect([201, 404]).toContain(status);
      if (status !== 201) continue;
      const { key } = json as { key: string };
      await eventually('it does not work', async () => (await gateway.complete({}, { key })).status === 401);
    }
    const alive = await withSession(gateway.databaseUrl, (session) =>
      session.query('SELECT 1 FROM api_keys WHERE tenant_id = $1 AND revoked_at IS NULL', [id]),
    );
    expect(alive.rowCount).toBe(0);
  });
});

/** What is remembered of a key lasts ten seconds: only a notice is faster. In milliseconds. */
const SOON = 3000;

describe('a change on one node', () => {
  it('counts on another at once (E6)', async () => {
    const other = await startTestGateway({ beside: gateway });
    try {
      const { path } = await newTenant();
      const key = await newKey(path);
      const works = async () => (await other.complete({}, { key })).status === 200;
      await eventually('the key works there', works, SOON);
      await patch(path, { suspended: true });
      await eventually('it is suspended there', async () => !(await works()), SOON);
      await patch(path, { suspended: false });
      await eventually('it is resumed there', works, SOON);
      await admin(path, { method: 'DELETE' });
      await eventually('it is gone there', async () => !(await works()), SOON);
    } finally {
      await other.close();
    }
  });
});
