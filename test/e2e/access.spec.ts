// Which credential opens which route: every route of the document, with every scope alone and with none.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES, type Scope } from '../../src/contracts/requires.decorator.js';
import { AdminApi } from '../support/admin.js';
import { ADMIN_KEY, startTestGateway, type TestGateway } from '../support/gateway.js';
import { addressOf, type Route, Routes } from '../support/routes.js';

let gateway: TestGateway;
let routes: readonly Route[];
const keys = new Map<Scope, string>();
beforeAll(async () => {
  gateway = await startTestGateway();
  const admin = new AdminApi(gateway);
  for (const scope of SCOPES) keys.set(scope, (await admin.key(gateway.tenantId, { scopes: [scope] })).key);
  routes = (await Routes.of(gateway)).all;
});
afterAll(() => gateway.close());

/** Open to everyone. Whatever is not in this list asks for a credential. */
const PUBLIC = [
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET /images/{name}',
  'POST /webhooks/replicate/{id}',
];

/** What each route asks for, the first line that fits; any other, also one to come, is the operator's alone. */
const GRANTS: readonly (readonly [RegExp, readonly Scope[]])[] = [
  [/^GET \/v1\/(usage|ledger)(\/|$)/, ['usage:read', 'admin']],
  [/^\w+ \/v1\//, ['inference']],
  [/^GET \/admin\/tenants\/\{id\}$/, ['keys:manage', 'usage:read', 'admin']],
  [/^\w+ \/admin\/tenants\/\{id\}\/keys(\/|$)/, ['keys:manage', 'admin']],
  [
    /^GET \/admin\/tenants\/\{id\}\/(usage|predictions|ledger|budget\w*|alerts)(\/|$)/,
    ['usage:read', 'admin'],
  ],
  [/^/, ['admin']],
];

const nameOf = ({ method, path }: Route) => `${method} ${path}`;
const guarded = () => routes.filter((route) => !PUBLIC.includes(nameOf(route)));
const granted = (route: Route) => GRANTS.find(([pattern]) => pattern.test(nameOf(route)))?.[1] ?? [];

/** Asks for something that is not there, where the answer would change something. */
function ask(route: Route, key: string | null) {
  const { method, path } = route;
  const isTenantsEnd = method === 'DELETE' && path === '/admin/tenants/{id}';
  const id = path.startsWith('/admin/tenants/') && !isTenantsEnd ? gateway.tenantId : `ten_${'0'.repeat(32)}`;
  const address = addressOf(route, { id, keyId: `key_${'0'.repeat(32)}`, model: 'none/such' });
  const body = ['POST', 'PATCH', 'PUT'].includes(method) ? {} : undefined;
  return gateway.send(address, { method, key, body });
}

describe('every route', () => {
  it('that is not public refuses whoever brings no key, or an unknown one, in the same words (E1, P11)', async () => {
    expect(guarded().length).toBeGreaterThan(15);
    for (const route of guarded()) {
      const without = await ask(route, null);
      expect(without.status, nameOf(route)).toBe(401);
      const wrong = await ask(route, `x${ADMIN_KEY}`);
      expect(wrong.json, nameOf(route)).toEqual({
        error: {
          message: 'Incorrect API key provided.',
          type: 'invalid_request_error',
          param: null,
          code: 'invalid_api_key',
        },
      });
    }
  });

  it.each([...SCOPES])(
    'opens to the scope %s alone where that is granted, and nowhere else (E3, E18)',
    async (scope) => {
      for (const route of guarded()) {
        const { status, text } = await ask(route, keys.get(scope) ?? '');
        const what = `${nameOf(route)} → ${status} ${text}`;
        if (granted(route).includes(scope)) expect([401, 403], what).not.toContain(status);
        else expect(status, what).toBe(403);
      }
    },
  );

  it('opens to the root key but for what is of the tenant that asks (E18)', async () => {
    for (const route of guarded()) {
      const { status } = await ask(route, ADMIN_KEY);
      if (route.path.startsWith('/admin/')) expect([401, 403], nameOf(route)).not.toContain(status);
      else expect(status, nameOf(route)).toBe(403);
    }
  });
});
