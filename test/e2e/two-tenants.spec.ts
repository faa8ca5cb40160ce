// Two tenants on one gateway: to each, what is the other's does not exist.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePicture } from '../../src/images/pictures.fixture.js';
import { AdminApi, type MadeKey } from '../support/admin.js';
import {
  ADMIN_KEY,
  type Answer,
  eventually,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.js';
import { execute } from '../support/postgres.js';
import { addressOf, type Route, Routes } from '../support/routes.js';
import { contents } from '../support/tables.js';

/** What a tenant has, by its kind. */
type Ids = Readonly<Record<'tenant' | 'key' | 'file' | 'prediction' | 'alert' | 'event', string>>;

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
  alert: `evt_${'0'.repeat(32)}`,
  event: `aud_${'0'.repeat(32)}`,
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
  const prediction = await settledPrediction(tenant);
  const alert = `evt_${randomBytes(16).toString('hex')}`;
  await execute(
    gateway.databaseUrl,
    `INSERT INTO budget_alerts (id, tenant_id, account_id, period, threshold, budget_nanos, spent_nanos, next_attempt_at)
     VALUES ('${alert}', '${tenant}', '${tenant}', 'total', 50, 10, 5, NULL)`,
  );
  const events = await admin.list<{ id: string }>(`/admin/audit-events?tenant_id=${tenant}`);
  return { tenant, key: id, file, prediction, alert, event: events[0]?.id ?? '' };
}

/** A tenant's prediction, when nothing of its is still to be written. */
async function settledPrediction(tenant: string): Promise<string> {
  let id = '';
  await eventually('its prediction is settled', async () => {
    const { predictions = [] } = await contents(gateway.databaseUrl);
    const rows = predictions.map(
      (row) => JSON.parse(row) as Record<'id' | 'tenant_id' | 'settled_at', string>,
    );
    const row = rows.find(({ tenant_id, settled_at }) => tenant_id === tenant && settled_at);
    id = row?.id ?? '';
    return row !== undefined;
  });
  return id;
}

/** What a parameter of a path names. A new one has to be added here, or to what is no tenant's. */
function kindOf({ path }: Route, param: string): keyof Ids | undefined {
  if (param === 'model') return undefined;
  if (param === 'keyId') return 'key';
  if (param === 'id' && path.startsWith('/admin/tenants/')) return 'tenant';
  if (param === 'id' && path.startsWith('/v1/files/')) return 'file';
  if (param === 'entryId' || /prediction/i.test(param)) return 'prediction';
  throw new Error(`which kind of id is {${param}} of ${path}?`);
}

/** What the ids of a list are of. A new one has to be added here. */
function listed({ path }: Route): keyof Ids {
  const kinds: Readonly<Record<string, keyof Ids>> = {
    ...{ tenants: 'tenant', keys: 'key', budget: 'key', files: 'file', ledger: 'prediction' },
    ...{ alerts: 'alert', 'audit-events': 'event' },
  };
  const kind = kinds[path.split('/').at(-1) ?? ''];
  if (!kind) throw new Error(`which kind of id has ${path}?`);
  return kind;
}

/** An id that nothing has, right beside one that something has: in its place in every order. */
function beside(id: string): string {
  return id.slice(0, -1) + (id.endsWith('0') ? '1' : '0');
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

  it.each(['manager', 'operator'] as const)(
    'as cursors answer the %s as unknown ones do, in every list (E2, C15)',
    async (who) => {
      const key = who === 'manager' ? manager.key : ADMIN_KEY;
      const statuses: number[] = [];
      for (const route of routes.filter(({ method, query }) => method === 'GET' && query.includes('after'))) {
        // To the operator, what belongs to no tenant alone is one list.
        if (who === 'operator' && route.params.length === 0) continue;
        const id = theirs[listed(route)];
        expect(id, route.path).not.toBe('');
        const address = addressOf(route, { id: ours.tenant });
        const ask = (after: string) => gateway.send(`${address}?after=${after}`, { key });
        const [foreign, unknown] = [await ask(id), await ask(beside(id))];
        const told = essence(foreign, { ...UNKNOWN, [listed(route)]: id });
        expect(told, route.path).toEqual(essence(unknown, { ...UNKNOWN, [listed(route)]: beside(id) }));
        for (const other of Object.values(theirs)) {
          expect(foreign.text.replaceAll(`'${id}'`, ''), route.path).not.toContain(other);
        }
        expect([200, 400, 403], route.path).toContain(foreign.status);
        statuses.push(foreign.status);
      }
      expect(statuses.length).toBeGreaterThan(who === 'manager' ? 6 : 3);
      expect(statuses).toContain(200);
    },
  );

  it.each(['%00', '%7B%22not%22%3A%22%22%7D', '..%2f..', '%252f', "'%20OR%20'1'='1", '%F0%9F%98%80'])(
    'are not got at with %s either (P39, C11, C17)',
    async (id) => {
      for (const route of routes.filter(({ path }) => path.startsWith('/admin/tenants/{id}'))) {
        const params = { id: route.params.length > 1 ? ours.tenant : id, keyId: id, entryId: id };
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
