// Tenants, keys and the audit log from the command line, beside a gateway on the same database.
import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdminApi } from '../support/admin.js';
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { runToEnd } from '../support/process.js';

const PEPPER = 'test-pepper-0123456789';

let gateway: TestGateway;
let admin: AdminApi;
beforeAll(async () => {
  gateway = await startTestGateway({ settings: { keyPepper: PEPPER } });
  admin = new AdminApi(gateway);
});
afterAll(() => gateway.close());

/** Runs a command as in production, where it needs no more than the database and the pepper. */
async function cli(...args: string[]) {
  const { code, stdout, stderr } = await runToEnd(['cli', ...args], {
    NODE_ENV: 'production',
    DATABASE_URL: gateway.databaseUrl,
    CEREBRO_KEY_PEPPER: PEPPER,
  });
  return { code, stderr, stdout, json: (stdout.startsWith('{') ? JSON.parse(stdout) : undefined) as never };
}

/** What a command prints that has to succeed. */
async function done(...args: string[]): Promise<Record<string, unknown> & { id: string; key: string }> {
  const { code, json, stderr } = await cli(...args);
  expect(code, stderr).toBe(0);
  return json;
}

describe('the command line', { timeout: 120_000 }, () => {
  it('leads a tenant through its life', async () => {
    const limits = ['--requests-per-minute', '60', '--monthly-budget-usd', '0.000000001'];
    const { id, ...created } = await done('tenant', 'create', 'Terminal', ...limits, '--content-days', '30');
    expect(created).toMatchObject({
      name: 'Terminal',
      limits: { requests_per_minute: 60, monthly_budget_usd: 1e-9, max_concurrency: null },
      retention: { content_days: 30 },
    });
    expect(await done('tenant', 'get', id)).toEqual({ id, ...created });
    expect((await admin.send(`/admin/tenants/${id}`)).json).toEqual({ id, ...created });
    const updated = await done(
      ...['tenant', 'update', id, '--name', 'Renamed', '--requests-per-minute', 'none'],
      ...['--max-concurrency', '3', '--alert-thresholds', '75,25', '--content-days', 'none'],
    );
    expect(updated).toMatchObject({
      name: 'Renamed',
      limits: { requests_per_minute: null, monthly_budget_usd: 1e-9, max_concurrency: 3 },
      alerts: { thresholds: [25, 75] },
      retention: { content_days: null },
    });
    expect(await done('tenant', 'suspend', id)).toMatchObject({ status: 'suspended' });
    expect(await done('tenant', 'resume', id)).toMatchObject({ status: 'active' });
    const listed = (await done('tenant', 'list', '--limit', '100')).data as { id: string }[];
    expect(listed.map((tenant) => tenant.id)).toContain(id);
    expect(await done('tenant', 'delete', id)).toEqual({ id, object: 'tenant.deleted', deleted: true });
    expect((await cli('tenant', 'get', id)).stderr).toBe(`No such tenant: '${id}'.\n`);
    const events = (await done('audit', 'list', '--target', id)).data as { action: string; actor: object }[];
    expect(events.map(({ action }) => action)).toEqual([
      ...['tenant.create', 'tenant.update', 'tenant.suspend', 'tenant.resume', 'tenant.delete'],
    ]);
    expect(events[0]?.actor).toEqual({ kind: 'cli', id: userInfo().username, tenant_id: null });
  });

  it('leads a key through its life, which the gateway follows at once', async () => {
    const { id, key, ...created } = await done(
      ...['key', 'create', '--tenant', gateway.tenantId, '--name', 'k', '--scopes', 'inference,usage:read'],
      ...['--ip-allowlist', '127.0.0.1, ::1', '--expires-at', '2208988800', '--tokens-per-minute', '1000000'],
    );
    expect(created).toMatchObject({
      scopes: ['inference', 'usage:read'],
      ip_allowlist: ['127.0.0.1/32', '::1/128'],
      expires_at: 2208988800,
      limits: { tokens_per_minute: 1_000_000 },
    });
    const status = async (secret: string) => (await gateway.complete({}, { key: secret })).status;
    expect(await status(key)).toBe(200);
    await done('key', 'update', id, '--models', 'acme/*', '--expires-at', 'none', '--ip-allowlist', 'none');
    await eventually('its models count', async () => (await status(key)) !== 200, 3000);
    expect(await done('key', 'get', id)).toMatchObject({
      models: ['acme/*'],
      expires_at: null,
      ip_allowlist: null,
    });
    await done('key', 'update', id, '--models', 'none');
    const next = await done('key', 'rotate', id, '--grace-seconds', '60');
    expect(next).toMatchObject({ rotated_from: id });
    expect(await status(next.key)).toBe(200);
    expect(await status(key)).toBe(200);
    expect(await done('key', 'revoke', next.id)).toMatchObject({ status: 'revoked' });
    await eventually('it is refused', async () => (await status(next.key)) === 401, 3000);
    const listed = await done('key', 'list', '--tenant', gateway.tenantId);
    expect(JSON.stringify(listed)).toContain(next.id);
    expect(JSON.stringify(listed)).not.toContain(next.key);
  });

  it('checks the audit log, up to a head that was shown before', async () => {
    const first = await done('audit', 'verify');
    expect(first).toMatchObject({ ok: true, head: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    await done('tenant', 'create', 'One more');
    const second = await done('audit', 'verify', '--head', String(first.head));
    expect(second.events).toBe(Number(first.events) + 1);
    const cut = await cli('audit', 'verify', '--head', 'f'.repeat(64));
    expect(cut.code).toBe(1);
    expect(cut.json).toMatchObject({ ok: false, reason: 'head' });
    const empty = await cli('audit', 'verify', '--head', '0'.repeat(64));
    expect([empty.code, empty.json]).toMatchObject([1, { ok: false, reason: 'head' }]);
  });

  it.each(['abc', '', 'g'.repeat(64), 'f'.repeat(65)])('knows no head such as %j', async (head) => {
    const { code, stderr, stdout } = await cli('audit', 'verify', '--head', head);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`'${head}' is invalid. A head is 64 hexadecimal digits.`);
  });

  it.each([
    [
      ['tenant', 'create', 'x', '--requests-per-minute', 'many'],
      /^Invalid type for 'limits.requests_per_minute'/,
    ],
    [
      ['tenant', 'create', 'x', '--monthly-budget-usd', '-1'],
      /^Invalid 'limits.monthly_budget_usd': decimal below/,
    ],
    [['tenant', 'create', 'x', '--alert-url', 'http://example.com'], /^Invalid value for 'alerts.url'/],
    [['tenant', 'update', `ten_${'0'.repeat(32)}`, '--name', 'x'], /^No such tenant/],
    [['tenant', 'delete', 'x'], /^No such tenant: 'x'\.$/],
    [['tenant', 'list', '--after', 'x'], /^Invalid value for 'after'/],
    [['key', 'get', 'key_x'], /^No such key: 'key_x'\.$/],
    [['key', 'update', `key_${'0'.repeat(32)}`], /^No such key/],
    [['key', 'rotate', 'key_x', '--grace-seconds', '1d'], /^Invalid type for 'grace_seconds'/],
    [
      ['key', 'create', '--tenant', 'x', '--name', 'x', '--scopes', 'root'],
      /^Invalid value: 'root'. Supported/,
    ],
    [
      ['key', 'create', '--tenant', 'x', '--name', 'x', '--ip-allowlist', '10.0.0.1/8'],
      /^Invalid value for 'ip_all/,
    ],
  ] as [string[], RegExp][])('says in one line what is wrong with %j', async (args, words) => {
    const { code, stderr, stdout } = await cli(...args);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr.trim()).toMatch(words);
  });

  it.each([
    ['--help', /tenant.*key.*audit/s],
    ['tenant --help', /create.*list.*get.*update.*suspend.*resume.*delete/s],
    ['tenant update --help', /--requests-per-minute.*--alert-url.*--upstream-token/s],
    ['key --help', /create.*list.*get.*update.*rotate.*revoke/s],
    ['key create --help', /--scopes.*--models.*--ip-allowlist.*--expires-at.*--total-budget-usd/s],
    ['audit --help', /list.*verify/s],
  ])('explains itself: %s', async (line, words) => {
    const { code, stdout } = await runToEnd(['cli', ...line.split(' ')], {});
    expect(code).toBe(0);
    expect(stdout).toMatch(words);
  });
});
