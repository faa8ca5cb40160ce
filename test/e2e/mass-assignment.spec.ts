// What answers show, requests cannot set: every write of the document with every property that is not its own.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdminApi } from '../support/admin.js';
import { ADMIN_KEY, startTestGateway, type TestGateway } from '../support/gateway.js';
import { addressOf, type Route, Routes } from '../support/routes.js';
import { contents } from '../support/tables.js';

let gateway: TestGateway;
let routes: Routes;
let params: Record<string, string>;
let managing: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  const admin = new AdminApi(gateway);
  routes = await Routes.of(gateway);
  const key = await admin.key(gateway.tenantId);
  params = { id: gateway.tenantId, keyId: key.id };
  managing = (await admin.key(gateway.tenantId, { scopes: ['keys:manage', 'inference'] })).key;
});
afterAll(() => gateway.close());

/** Columns and habits of others, which no contract of ours has. */
const PRIVILEGED = [
  ...[
    'id',
    'tenant_id',
    'tenantId',
    'account_id',
    'accountId',
    'key',
    'hash',
    'pepper_version',
    'role',
    'admin',
  ],
  ...[
    'spent',
    'month_spent',
    'balance',
    'created_at',
    'created_by',
    'deleted_at',
    'revoked_at',
    'rotated_from',
  ],
  ...['rotated_to', 'status', 'suspended_at', 'last_used_at', 'alert_secret', 'upstream_token_set_at'],
];

/** Properties that the answer shows and the request does not take. */
function foreignTo({ body, answer }: Pick<Route, 'body' | 'answer'>): string[] {
  const own = routes.properties(body);
  const shown = [...routes.properties(answer).keys(), ...PRIVILEGED];
  return [...new Set(shown)].filter((name) => !own.has(name));
}

async function refused(route: Route, key: string, body: object, param: string): Promise<void> {
  const what = `${route.method} ${route.path} ${JSON.stringify(body)}`;
  const answer = await gateway.send(addressOf(route, params), { method: route.method, key, body });
  expect(answer.status, what).toBe(400);
  expect(answer.json, what).toMatchObject({ error: { code: 'unknown_parameter', param } });
}

describe('a request', () => {
  it('cannot set what its answer shows, in any write of any route (P4, E5)', async () => {
    const writes = routes.all.filter(({ path, body }) => body && /^\/(v1|admin)\//.test(path));
    expect(writes.length).toBeGreaterThan(6);
    const before = await contents(gateway.databaseUrl);
    let asked = 0;
    for (const route of writes) {
      const senders = route.path.startsWith('/v1/')
        ? [managing]
        : [ADMIN_KEY, ...(route.path.includes('/keys') ? [managing] : [])];
      for (const name of foreignTo(route)) {
        for (const key of senders) {
          const named = !route.path.startsWith('/v1/') && !route.path.endsWith('/rotate');
          const body = { ...(named && { name: 'x' }), [name]: gateway.tenantId };
          await refused(route, key, body, name);
          asked++;
        }
      }
    }
    expect(asked).toBeGreaterThan(150);
    expect(await contents(gateway.databaseUrl)).toEqual(before);
  });

  it('cannot set what is inside of objects of the answer either (P4, E5)', async () => {
    const before = await contents(gateway.databaseUrl);
    let asked = 0;
    for (const route of routes.all.filter(({ path, body }) => body && path.startsWith('/admin/'))) {
      for (const [field, inner] of routes.properties(route.body)) {
        const answer = routes.properties(route.answer).get(field);
        if (!answer || routes.properties(inner).size === 0) continue;
        for (const name of foreignTo({ body: inner, answer })) {
          await refused(route, ADMIN_KEY, { name: 'x', [field]: { [name]: 1 } }, `${field}.${name}`);
          asked++;
        }
      }
    }
    expect(asked).toBeGreaterThan(50);
    expect(await contents(gateway.databaseUrl)).toEqual(before);
  });
});
