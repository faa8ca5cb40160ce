// Two tenants on one gateway: to each, what is the other's does not exist.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePicture } from '../../src/images/pictures.fixture.js';
import { AdminApi, type MadeKey } from '../support/admin.js';
import { ADMIN_KEY, type Answer, startTestGateway, type TestGateway } from '../support/gateway.js';
import { addressOf, type Route, Routes } from '../support/routes.js';
import { contents } from '../support/tables.js';

/** What a tenant has, by its kind. */
type Ids = Readonly<Record<'tenant' | 'key' | 'file' | 'prediction', string>>;

let gateway: TestGateway;
let admin: AdminApi;
let routes: readonly Route[];
let ours: Ids;
let theirs: Ids;
let manager: MadeKey;

const UNKNOWN: Ids = {
  tenant: `ten_${'0'.repeat(32)}`,
  key: `key_${'0'.repeat(32)}`,
  file: `file-${'0'.repeat(32)}`,
  prediction: `prd_${'0'.repeat(32)}`,
};

beforeAll(async () => {
  gateway = await startTestGateway();
  admin = new AdminApi(gateway);
  routes = (await Routes.of(gateway)).all.filter(({ path }) => /^\/(v1|admin)\//.test(path));
  [ours, theirs] = [await belongings(), await belongings()];
  manager = await admin.key(ours.tenant, { scopes: ['inference', 'usage:read', 'keys:manage'] });
});
afterAll(() => gateway.close());

/** A tenant with one of each. */
async function belongings(): Promise<Ids> {
  const { id: tenant } = await admin.tenant();
  const { id, key } = await admin.key(tenant);
  const called = await gateway.complete({}, { key });
  expect(called.status, called.text).toBe(200);
  const form = new FormData();
  form.set('purpose', 'vision');
  form.set('file', new Blob([new Uint8Array(await makePicture('png'))], { type: 'image/png' }), 'dot.png');
  const uploaded = await fetch(`${gateway.url}/v1/files`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: form,
  });
  expect(uploaded.status).toBe(200);
  const { id: file } = (await uploaded.json()) as { id: string };
  const { predictions = [] } = await contents(gateway.databaseUrl);
  const rows = predictions.map((row) => JSON.parse(row) as { id: string; tenant_id: string });
  const prediction = rows.find((row) => row.tenant_id === tenant)?.id ?? '';
  return { tenant, key: id, file, prediction };
}

/** What a parameter of a path names. A new one has to be added here, or to what is no tenant's. */
function kindOf({ path }: Route, param: string): keyof Ids | undefined {
  if (param === 'model') return undefined;
  if (param === 'keyId') return 'key';
  if (param === 'id' && path.startsWith('/admin/tenants/')) return 'tenant';
  if (param === 'id' && path.startsWith('/v1/files/')) return 'file';
  if (/prediction/i.test(param)) return 'prediction';
  throw new Error(`which kind of id is {${param}} of ${path}?`);
}

/** What the ids of a list are of. */
function listed({ path }: Route): keyof Ids {
  if (path.endsWith('/keys')) return 'key';
  return path.endsWith('/files') ? 'file' : 'prediction';
}

const BODIES: Readonly<Record<string, object>> = {
  'POST /admin/tenants/{id}/keys': { name: 'x' },
  'PATCH /admin/tenants/{id}': { name: 'x', suspended: true },
  'PATCH /admin/tenants/{id}/keys/{keyId}': { name: 'x' },
  'POST /admin/tenants/{id}/keys/{keyId}/rotate': { grace_seconds: 60 },
};

/** Asks with one parameter of another's, and all others of one's own. */
function ask(route: Route, param: string, ids: Ids, key: string): Promise<Answer> {
  const params = Object.fromEntries(
    route.params.map((name) => {
      const kind = kindOf(route, name);
      return [name, kind ? (name === param ? ids : ours)[kind] : 'none'];
    }),
  );
  const body = ['POST', 'PATCH'].includes(route.method)
    ? (BODIES[`${route.method} ${route.path}`] ?? {})
    : undefined;
  return gateway.send(addressOf(route, params), { method: route.method, key, body });
}

/** Headers that differ between any two answers. */
const VARYING = /^(x-request-id|date|openai-processing-ms|x-ratelimit-.*)$/;

/** An answer without what differs between any two: the ids in it, and what says when and which. */
function essence({ status, headers, text }: Answer, ids: Ids): object {
  const clean = Object.values(ids).reduce((rest, id) => rest.replaceAll(id, '<id>'), text);
  const own = Object.entries(headers).filter(([name]) => !VARYING.test(name));
  return { status, text: clean, headers: Object.fromEntries(own) };
}

describe("another tenant's ids", () => {
  it.each(['manager', 'operator'] as const)(
    'answer the %s as unknown ones do, in every place of every route, and change nothing (E2, P16)',
    async (who) => {
      const key = who === 'manager' ? manager.key : ADMIN_KEY;
      const before = await contents(gateway.databaseUrl);
      let asked = 0;
      for (const route of routes) {
        for (const param of route.params) {
          const kind = kindOf(route, param);
          // To the operator all tenants are known: theirs are only the keys within a tenant.
          if (!kind || (who === 'operator' && kind === 'tenant')) continue;
          const foreign = await ask(route, param, theirs, key);
          const unknown = await ask(route, param, UNKNOWN, key);
          const what = `${route.method} ${route.path}, {${param}}`;
          expect(essence(foreign, theirs), what).toEqual(essence(unknown, UNKNOWN));
          expect([403, 404], what).toContain(foreign.status);
          asked++;
        }
      }
      expect(asked).toBeGreaterThan(who === 'manager' ? 12 : 3);
      expect(await contents(gateway.databaseUrl)).toEqual(before);
    },
  );

  it('as cursors answer as unknown ones do, in every list (E2, C15)', async () => {
    let asked = 0;
    for (const route of routes.filter(({ method, query }) => method === 'GET' && query.includes('after'))) {
      const kind = listed(route);
      const address = addressOf(route, { id: ours.tenant });
      const [foreign, unknown] = await Promise.all(
        [theirs, UNKNOWN].map((ids) => gateway.send(`${address}?after=${ids[kind]}`, { key: manager.key })),
      );
      if (!foreign || !unknown) throw new Error('not asked');
      for (const id of Object.values(theirs)) {
        expect(foreign.text.replaceAll(`'${theirs[kind]}'`, ''), route.path).not.toContain(id);
      }
      expect([200, 400, 403, 404], route.path).toContain(foreign.status);
      if (foreign.status !== 200) {
        expect(essence(foreign, theirs), route.path).toEqual(essence(unknown, UNKNOWN));
      }
      asked++;
    }
    expect(asked).toBeGreaterThan(2);
  });

  it.each(['%00', '%7B%22not%22%3A%22%22%7D', '..%2f..', '%252f', "'%20OR%20'1'='1", '%F0%9F%98%80'])(
    'are not got at with %s either (P39, C11, C17)',
    async (id) => {
      for (const route of routes.filter(({ path }) => path.startsWith('/admin/tenants/{id}'))) {
        const params = { id: route.params.length > 1 ? ours.tenant : id, keyId: id };
        const body = route.method === 'POST' || route.method === 'PATCH' ? {} : undefined;
        const answer = await gateway.send(addressOf(route, params), {
          method: route.method,
          key: ADMIN_KEY,
          body,
        });
        expect([400, 404], `${route.method} ${route.path}: ${answer.text}`).toContain(answer.status);
      }
    },
  );
});
