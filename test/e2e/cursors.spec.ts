// `after` and `limit`, the same on every list that the document knows.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdminApi, type MadeKey } from '../support/admin.js';
import { ADMIN_KEY, type Answer, startTestGateway, type TestGateway } from '../support/gateway.js';
import { addressOf, type Route, Routes } from '../support/routes.js';

/** How the ids of each list begin, and what a good one answers that the list does not have. */
const LISTS: Readonly<Record<string, readonly [prefix: string, status: number]>> = {
  '/v1/files': ['file-', 200],
  '/v1/ledger': ['prd_', 200],
  '/admin/tenants': ['ten_', 200],
  '/admin/tenants/{id}/keys': ['key_', 400],
  '/admin/tenants/{id}/ledger': ['prd_', 200],
  '/admin/tenants/{id}/budget': ['key_', 400],
  '/admin/tenants/{id}/alerts': ['evt_', 400],
  '/admin/audit-events': ['aud_', 400],
};

const NONE = '0'.repeat(32);

let gateway: TestGateway;
let key: MadeKey;
let lists: readonly Route[];
beforeAll(async () => {
  gateway = await startTestGateway();
  const admin = new AdminApi(gateway);
  key = await admin.key((await admin.tenant()).id, { scopes: ['inference', 'usage:read'] });
  lists = (await Routes.of(gateway)).all.filter(({ query }) => query.includes('after'));
});
afterAll(() => gateway.close());

const ask = (path: string, query: string): Promise<Answer> =>
  gateway.send(`${addressOf({ path }, { id: key.tenantId })}?${query}`, {
    key: path.startsWith('/v1/') ? key.key : ADMIN_KEY,
  });

function expectRefusal({ status, json }: Answer, param: string, code: string): void {
  expect(status).toBe(400);
  expect(json).toMatchObject({ error: { type: 'invalid_request_error', param, code } });
}

it('is told here of every list', () => {
  expect(lists.map(({ path }) => path).sort()).toEqual(Object.keys(LISTS).sort());
});

describe.each(Object.entries(LISTS))('%s', (path, [prefix, status]) => {
  it('begins after no text that is no id of its kind', async () => {
    const other = prefix === 'key_' ? 'prd_' : 'key_';
    for (const after of [
      'zzz',
      prefix,
      `${prefix}${NONE}0`,
      `${prefix}${'G'.repeat(32)}`,
      other + NONE,
      '%',
      '*',
    ]) {
      expectRefusal(await ask(path, `after=${encodeURIComponent(after)}`), 'after', 'invalid_value');
    }
  });

  it(`answers ${status} after a good id that it does not have`, async () => {
    const answer = await ask(path, `after=${prefix}${NONE}`);
    if (status === 400) expectRefusal(answer, 'after', 'invalid_value');
    else expect(answer.status).toBe(status);
  });

  it.each(['abc', '', '1e2', '0x10', '1.0', '+1', '%201', '1&limit=2'])(
    'takes no limit but decimal digits: limit=%s',
    async (limit) => {
      const answer = await ask(path, `limit=${limit}`);
      expectRefusal(answer, 'limit', 'invalid_type');
      const got = limit.includes('&') ? 'an array' : 'a string';
      expect(answer.text).toContain(`expected an integer, but got ${got} instead`);
    },
  );

  it.each(['0', '-1', '101', '99999999999999999999'])('takes 1 to 100: limit=%s', async (limit) => {
    const code = Number(limit) < 1 ? 'integer_below_min_value' : 'integer_above_max_value';
    expectRefusal(await ask(path, `limit=${limit}`), 'limit', code);
  });
});
