import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mintKey } from '../../src/auth/key.js';
import { CredentialsRepository } from '../../src/auth/credentials.repository.js';
import { REQUIREMENT } from '../../src/contracts/requires.decorator.js';
import { execute } from '../support/postgres.js';
import { ADMIN_KEY, type Answer, startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const mint = async (body: object = {}): Promise<{ id: string; key: string }> => {
  const path = `/admin/tenants/${gateway.tenantId}/keys`;
  return (await gateway.send(path, { method: 'POST', key: ADMIN_KEY, body: { name: 'k', ...body } })).json;
};
const revoke = (id: string) =>
  gateway.send(`/admin/tenants/${gateway.tenantId}/keys/${id}`, { method: 'DELETE', key: ADMIN_KEY });

const INCORRECT = {
  error: {
    message: 'Incorrect API key provided.',
    type: 'invalid_request_error',
    param: null,
    code: 'invalid_api_key',
  },
};

/** What a stranger could tell two refusals apart by. */
const visible = ({ status, text, headers }: Answer) => ({
  status,
  text,
  headers: Object.keys(headers).sort(),
  length: headers['content-length'],
});

describe('a key', () => {
  it('is let in', async () => {
    expect((await gateway.complete()).status).toBe(200);
  });

  it('may name its scheme in any case', async () => {
    const { status } = await gateway.complete(
      {},
      { key: null, headers: { authorization: `bearer  ${gateway.key}` } },
    );
    expect(status).toBe(200);
  });

  it('is asked for where it is missing', async () => {
    const { status, json } = await gateway.complete({}, { key: null });
    expect(status).toBe(401);
    expect(json).toMatchObject({
      error: { type: 'invalid_request_error', code: 'invalid_api_key', param: null },
    });
  });

  it('is refused in the very same words malformed, unknown, revoked or expired (P11)', async () => {
    const revoked = await mint();
    expect((await gateway.complete({}, { key: revoked.key })).status).toBe(200);
    await revoke(revoked.id);
    const expired = await mint({});
    await execute(gateway.databaseUrl, `UPDATE api_keys SET expires_at = now() WHERE id = '${expired.id}'`);
    const keys = ['sk-1234', `${gateway.key.slice(0, -1)}_`, mintKey(), revoked.key, expired.key];
    const answers = await Promise.all(keys.map((key) => gateway.complete({}, { key })));
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.json).toEqual(INCORRECT);
      expect(visible(answer)).toEqual(visible(answers[0] as Answer));
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  });

  it.each([
    'Basic dXNlcjpwYXNz',
    'Bearer',
    'Bearer ',
    'Token abc',
    `Bearer ${'x'.repeat(4000)}`,
    "Bearer ' OR 1=1 --",
    'Bearer cbr_live_%00',
  ])('is refused as %j (P2)', async (authorization) => {
    const answer = await gateway.complete({}, { key: null, headers: { authorization } });
    expect(answer.status).toBe(401);
  });

  it('counts in the Authorization header alone (E11, P25)', async () => {
    const { key } = gateway;
    const elsewhere = [
      gateway.complete({}, { key: null, headers: { 'x-api-key': key } }),
      gateway.complete({}, { key: null, headers: { cookie: `key=${key}` } }),
      gateway.send(`/v1/completions?api_key=${key}`, { method: 'POST', key: null, body: {} }),
      gateway.complete({ api_key: key }, { key: null }),
    ];
    for (const answer of await Promise.all(elsewhere)) expect(answer.status).toBe(401);
  });

  it('works until its expiry', async () => {
    const { key } = await mint({ expires_at: new Date(Date.now() + 4000).toISOString() });
    expect((await gateway.complete({}, { key })).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 4100));
    expect((await gateway.complete({}, { key })).status).toBe(401);
  });

  it('stops at its revocation, though it is remembered', async () => {
    const { id, key } = await mint();
    expect((await gateway.complete({}, { key })).status).toBe(200);
    await revoke(id);
    expect((await gateway.complete({}, { key })).status).toBe(401);
  });

  it("is checked before the request's body is read (P7)", async () => {
    const huge = await gateway.complete({ prompt: 'x'.repeat(20_000_000) }, { key: null });
    expect(huge.status).toBe(401);
    const broken = await gateway.send('/v1/completions', { method: 'POST', key: mintKey(), body: '{broken' });
    expect(broken.status).toBe(401);
  });
});

describe('what is stored of a key', () => {
  it('is not the key (P10)', async () => {
    const client = new Client({ connectionString: gateway.databaseUrl });
    await client.connect();
    const { rows } = await client.query<{ row: string }>('SELECT api_keys::text AS row FROM api_keys');
    await client.end();
    expect(rows.length).toBeGreaterThan(0);
    for (const { row } of rows) {
      expect(row).not.toContain(gateway.key);
      expect(row).not.toContain(gateway.key.slice(9, -4));
    }
  });
});

describe('the database', () => {
  it('is not asked about malformed keys, nor again about keys it was just asked about (E14)', async () => {
    const { key } = await mint();
    const unknown = mintKey();
    await gateway.complete({}, { key });
    await gateway.complete({}, { key: unknown });
    const lookups = vi.spyOn(gateway.app.nest.get(CredentialsRepository), 'findUsable');
    for (let i = 0; i < 20; i++) await gateway.complete({}, { key: `${key.slice(0, -1)}_` });
    for (let i = 0; i < 20; i++) await gateway.complete({}, { key });
    expect(lookups).not.toHaveBeenCalled();
    await gateway.complete({}, { key: mintKey() });
    expect(lookups).toHaveBeenCalledTimes(1);
    lookups.mockRestore();
  });
});

describe('routes', () => {
  it('that want a credential say which kind, and no other answer does', async () => {
    for (const path of ['/v1/completions', '/v1/files/x', '/v1/models/a/b', '/admin/tenants']) {
      const method = path === '/v1/completions' ? 'POST' : 'GET';
      const { status, headers } = await gateway.send(path, { method, key: null });
      expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
    }
    for (const [path, key] of [
      ['/v1/models', gateway.key],
      ['/admin/tenants', gateway.key],
      ['/healthz', null],
      ['/nowhere', null],
    ] as const) {
      expect((await gateway.send(path, { key })).headers).not.toHaveProperty('www-authenticate');
    }
  });

  it('are closed to callers of the wrong kind (E18)', async () => {
    const asTenant = await gateway.send('/admin/tenants');
    expect(asTenant.status).toBe(403);
    expect(asTenant.json).toMatchObject({ error: { code: 'insufficient_permissions' } });
    const asAdmin = await gateway.complete({}, { key: ADMIN_KEY });
    expect(asAdmin.status).toBe(403);
  });

  it('are all closed to strangers, save those that say they are public (P12, E1)', async () => {
    const open: string[] = [];
    for (const route of gateway.app.routes.list()) {
      const [method = '', path = ''] = route.split(' ');
      const body = method === 'POST' ? {} : undefined;
      const answer = await gateway.send(path.replace(/:\w+/g, 'x'), { method, key: null, body });
      if (answer.status !== 401 && !path.startsWith('/docs')) open.push(route);
    }
    expect(open).toEqual([
      'GET /healthz',
      'GET /images/:name',
      'GET /metrics',
      'GET /openapi.json',
      'GET /readyz',
      'HEAD /healthz',
      'HEAD /images/:name',
      'HEAD /metrics',
      'HEAD /openapi.json',
      'HEAD /readyz',
    ]);
  });

  it.each([
    '/v1/completions/',
    '//v1/completions',
    '/V1/completions',
    '/v1/%63ompletions',
    '/v1/completions;a=b',
    '/v1/completions%2f',
    '/v1/./completions',
  ])('are closed in every spelling: %s (P34, C17)', async (path) => {
    for (const method of ['POST', 'GET', 'HEAD']) {
      const { status } = await gateway.send(path, {
        method,
        key: null,
        ...(method === 'POST' && { body: {} }),
      });
      expect(status).toBeGreaterThanOrEqual(400);
    }
  });

  it('that say nothing of permissions are open to nobody', async () => {
    const { CompletionsController } = await import('../../src/completions/completions.controller.js');
    const permission: unknown = Reflect.getMetadata(REQUIREMENT, CompletionsController);
    Reflect.deleteMetadata(REQUIREMENT, CompletionsController);
    try {
      expect((await gateway.complete()).status).toBe(403);
      expect((await gateway.complete({}, { key: null })).status).toBe(401);
    } finally {
      Reflect.defineMetadata(REQUIREMENT, permission, CompletionsController);
    }
  });
});
