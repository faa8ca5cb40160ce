// Keys with the rights of the operator: what was taken from one counts for what it has already asked for.
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdminApi, type MadeKey } from '../support/admin.js';
import { type Answer, startTestGateway, type TestGateway } from '../support/gateway.js';
import { execute } from '../support/postgres.js';
import { contents } from '../support/tables.js';

let gateway: TestGateway;
let admin: AdminApi;
beforeAll(async () => {
  gateway = await startTestGateway({ settings: { createsPerMinute: 1_000_000, models: ['*'] } });
  admin = new AdminApi(gateway);
});
afterAll(() => gateway.close());

/** A key of the operator's own tenant, which the gateway has just seen. */
async function operatorKey(): Promise<MadeKey> {
  const tenant = await admin.tenant({ name: 'Operator' });
  const made = await admin.key(tenant.id, { scopes: ['admin'] });
  expect((await admin.send('/admin/tenants', { key: made.key })).status).toBe(200);
  return made;
}

/** The ways in which a key ends, as SQL, and what it is told then. */
const ENDS: readonly (readonly [string, (key: MadeKey) => string, number, string])[] = [
  [
    'revoked',
    ({ id }) => `UPDATE api_keys SET revoked_at = now() WHERE id = '${id}'`,
    401,
    'invalid_api_key',
  ],
  [
    'expired',
    ({ id }) => `UPDATE api_keys SET expires_at = now() WHERE id = '${id}'`,
    401,
    'invalid_api_key',
  ],
  [
    "its tenant's no more, which is suspended",
    ({ tenantId }) => `UPDATE tenants SET suspended_at = now() WHERE id = '${tenantId}'`,
    401,
    'invalid_api_key',
  ],
  [
    'no operator any more',
    ({ id }) => `UPDATE api_keys SET scopes = '{inference,keys:manage}' WHERE id = '${id}'`,
    403,
    'insufficient_permissions',
  ],
];

/** Changes rows so that the gateway does not hear of it. */
const quietly = (sql: string) =>
  execute(
    gateway.databaseUrl,
    `BEGIN;
     ALTER TABLE api_keys DISABLE TRIGGER api_keys_notify; ALTER TABLE tenants DISABLE TRIGGER tenants_notify;
     ${sql};
     ALTER TABLE api_keys ENABLE TRIGGER api_keys_notify; ALTER TABLE tenants ENABLE TRIGGER tenants_notify;
     COMMIT`,
  );

describe.each(ENDS)('an operator key that is %s, which its node has not heard of', (_, end, status, code) => {
  it('writes nothing about any tenant', async () => {
    const own = await operatorKey();
    const tenant = await admin.tenant();
    const key = await admin.key(tenant.id);
    await quietly(end(own));
    const before = await contents(gateway.databaseUrl);
    const answers: Answer[] = [
      await admin.post('/admin/tenants', { name: 'x' }, own.key),
      await admin.patch(tenant.path, { name: 'x' }, own.key),
      await admin.post(`${tenant.path}/keys`, { name: 'x' }, own.key),
      await admin.patch(key.path, { name: 'x' }, own.key),
      await admin.post(`${key.path}/rotate`, {}, own.key),
      await admin.delete(key.path, own.key),
      await admin.delete(tenant.path, own.key),
    ];
    for (const answer of answers) {
      expect(answer.status, answer.text).toBe(status);
      expect(answer.json).toMatchObject({ error: { code } });
    }
    expect(await contents(gateway.databaseUrl)).toEqual(before);
  });
});

it('an operator key that is revoked while its request comes in is refused', async () => {
  const own = await operatorKey();
  const body = Buffer.from(JSON.stringify({ name: 'x', scopes: ['admin'] }));
  const { tenantId } = gateway;
  const before = await admin.list(`/admin/tenants/${tenantId}/keys`);
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    const sent = request(`${gateway.url}/admin/tenants/${tenantId}/keys`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${own.key}`,
        'content-type': 'application/json',
        'content-length': body.length,
      },
    });
    sent.on('response', (message) => {
      message.resume();
      resolve(message.statusCode);
    });
    sent.on('error', reject);
    sent.write(body.subarray(0, 10), () => {
      // Its headers are in, and its key was good.
      setTimeout(() => void admin.delete(own.path).then(() => sent.end(body.subarray(10)), reject), 200);
    });
  });
  expect(answer).toBe(401);
  expect(await admin.list(`/admin/tenants/${tenantId}/keys`)).toEqual(before);
});

it('a hundred and fifty changes of a key at once take nothing from other tenants', async () => {
  const tenant = await admin.tenant();
  const { path } = await admin.key(tenant.id);
  const changing = Promise.all(
    Array.from({ length: 150 }, (_, at) => admin.patch(path, { name: `name ${at}` })),
  );
  const others = Array.from({ length: 20 }, async () => {
    const { key } = await admin.key((await admin.tenant()).id);
    return (await gateway.complete({}, { key })).status;
  });
  expect(await Promise.all(others)).toEqual(Array(20).fill(200));
  const answers = await changing;
  const changed = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 429);
  expect(changed.length + refused.length).toBe(150);
  expect(changed.length).toBeGreaterThan(50);
  for (const { json } of refused) expect(json).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
});
