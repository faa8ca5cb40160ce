// The ledger, budgets and alerts as they are read, in a real database.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from './accounts.service.js';
import { BudgetAlertsRepository } from './budget-alerts.repository.js';
import { BudgetsRepository } from './budgets.repository.js';
import { type LedgerDatabase, startLedger } from './ledger.fixture.js';
import type { LedgerQuery } from './ledger.contract.js';
import { LedgerRepository } from './ledger.repository.js';

let ledger: LedgerDatabase;
let accounts: Accounts;
const ids: string[] = [];
beforeAll(async () => {
  ledger = await startLedger();
  const { prisma, tenants } = ledger;
  accounts = new Accounts(
    new LedgerRepository(tenants),
    new BudgetsRepository(tenants),
    new BudgetAlertsRepository(prisma, tenants),
  );
  const at = (hour: number) => new Date(Date.UTC(2026, 9, 1, hour));
  ids.push(await ledger.use({ at: at(1), requestId: 'claim-1' }));
  ids.push(await ledger.use({ at: at(2), keyId: 'key_b', state: 'failed' }));
  ids.push(
    await ledger.use({ at: at(3), model: 'llava', billing: 'unknown', state: 'unknown', costNanos: null }),
  );
  ids.push(await ledger.use({ at: at(4), settled: false, heldNanos: 2_500_000n }));
  await ledger.use({ tenantId: 'ten_z', keyId: 'key_z', requestId: 'claim-1' });
});
afterAll(() => ledger.close());

const NO_CURSOR = { reason: 'invalid_value', param: 'after' };
const list = async (query: LedgerQuery) => (await accounts.ledger('ten_a', query)).data.map(({ id }) => id);
const lines = (...indices: number[]) => indices.map((index) => ids[index]);

describe('the ledger', () => {
  it('is listed newest first, or oldest first, each line once', async () => {
    expect(await list({})).toEqual(lines(3, 2, 1, 0));
    expect(await list({ order: 'asc' })).toEqual(lines(0, 1, 2, 3));
    const first = await accounts.ledger('ten_a', { limit: 3 });
    expect([first.has_more, first.first_id, first.last_id]).toEqual([true, ids[3], ids[1]]);
    expect(await list({ limit: 3, after: first.last_id })).toEqual(lines(0));
    expect(await list({ order: 'asc', after: ids[2] ?? '' })).toEqual(lines(3));
  });

  it.each<[LedgerQuery, number[]]>([
    [{ api_key_id: 'key_b' }, [1]],
    [{ model: 'llava' }, [2]],
    [{ state: 'succeeded' }, [0]],
    [{ request_id: 'claim-1' }, [0]],
    [{ start_time: '2026-10-01T02:00:00Z', end_time: '2026-10-01T03:00:00Z' }, [1]],
    [{ start_time: '2026-10-01T02:00:00.001Z' }, [3, 2]],
    [{ end_time: '2026-10-01T02:00:00Z' }, [0]],
    [{ model: 'phi', api_key_id: 'key_a', state: 'sent' }, []],
    [{ request_id: '%' }, []],
    [{ api_key_id: "' OR 1=1 --" }, []],
  ])('is searched: %j (C12)', async (query, expected) => {
    expect(await list(query)).toEqual(lines(...expected));
  });

  it('is read line by line, with the texts that are kept, until they expire', async () => {
    const [id = '', other = ''] = ids;
    const prompt = { system: null, turns: [], images: 1 };
    const expiresAt = new Date(Date.UTC(2099, 0, 1));
    await ledger.prisma.retainedContent.create({
      data: { predictionId: id, tenantId: 'ten_a', prompt, answer: 'Yes.', expiresAt },
    });
    expect(await accounts.ledgerEntry('ten_a', id)).toMatchObject({
      id,
      request_id: 'claim-1',
      content: { prompt, answer: 'Yes.', expires_at: expiresAt.getTime() / 1000 },
    });
    expect(await accounts.ledgerEntry('ten_a', other)).toMatchObject({ id: other, content: null });
    expect(JSON.stringify(await accounts.ledger('ten_a', {}))).not.toContain('content');
    await ledger.sql("UPDATE retained_contents SET expires_at = now() - interval '1 second'");
    expect(await accounts.ledgerEntry('ten_a', id)).toMatchObject({ content: null });
  });

  it('shows no texts of a tenant that was deleted, though its lines stay', async () => {
    const [{ id = '' } = {}] = (await accounts.ledger('ten_z', {})).data;
    const data = { predictionId: id, tenantId: 'ten_z', prompt: {}, answer: 'Yes.' };
    await ledger.prisma.retainedContent.create({
      data: { ...data, expiresAt: new Date(Date.UTC(2099, 0, 1)) },
    });
    expect((await accounts.ledgerEntry('ten_z', id)).content).not.toBeNull();
    await ledger.sql("UPDATE tenants SET deleted_at = now() WHERE id = 'ten_z'");
    expect(await accounts.ledgerEntry('ten_z', id)).toMatchObject({ id, content: null });
    await ledger.sql("UPDATE tenants SET deleted_at = NULL WHERE id = 'ten_z'");
  });

  it.each(["another tenant's line", `prd_${'0'.repeat(32)}`, "prd_' OR 1=1 --", '%', ''])(
    'has no line such as %s, in the same words',
    async (id) => {
      const asked = id.startsWith('another') ? (ids[0] ?? '') : id;
      await expect(accounts.ledgerEntry('ten_z', asked)).rejects.toMatchObject({
        reason: 'not_found',
        message: `No such ledger entry: '${asked}'.`,
      });
    },
  );

  it('refuses an end before its start', async () => {
    await expect(accounts.ledger('ten_a', { start_time: 2, end_time: 2 })).rejects.toMatchObject({
      reason: 'invalid_value',
      param: 'end_time',
    });
  });

  it("has nothing of another tenant, whatever is asked and whosever id is the cursor's (E2)", async () => {
    expect((await accounts.ledger('ten_z', {})).data).toHaveLength(1);
    expect((await accounts.ledger('ten_z', { api_key_id: 'key_a' })).data).toEqual([]);
    expect((await accounts.ledger('ten_z', { after: ids[0] ?? '' })).data).toEqual([]);
  });

  it('begins after a line that is deleted by now, and after nothing that is no line', async () => {
    const [first = ''] = ids;
    expect(await list({ order: 'asc', after: `prd_${'0'.repeat(32)}` })).toEqual(lines(0, 1, 2, 3));
    for (const after of ['zzz', 'prd_', first.toUpperCase(), `key_${first.slice(4)}`, `${first}0`]) {
      await expect(list({ after })).rejects.toMatchObject(NO_CURSOR);
    }
  });

  it('says what it cost, and nothing of what was asked', async () => {
    const { data } = await accounts.ledger('ten_a', { order: 'asc' });
    expect(data[0]).toEqual({
      ...{ id: ids[0], object: 'ledger_entry', api_key_id: 'key_a', request_id: 'claim-1', model: 'phi' },
      ...{
        upstream_model: 'o/m',
        upstream_version: null,
        upstream_id: ids[0]?.slice(4),
        own_upstream: false,
      },
      ...{ state: 'succeeded', billing: 'run_time', input_tokens: 5, output_tokens: 7, images: 1 },
      ...{ created_at: Date.UTC(2026, 9, 1, 1) / 1000, started_at: Date.UTC(2026, 9, 1, 1) / 1000 },
      ...{ completed_at: Date.UTC(2026, 9, 1, 1) / 1000, settled_at: expect.any(Number) as number },
      ...{ run_time_seconds: 1.5, held_usd: 0.01, cost_usd: 0.001000001, error: null },
    });
    expect(data[2]).toMatchObject({ billing: 'unknown', cost_usd: null, held_usd: 0.01 });
    expect(data[3]).toMatchObject({ state: 'intent', billing: null, cost_usd: null, settled_at: null });
  });
});

describe('budgets', () => {
  const month = new Date().toISOString().slice(0, 7);

  it('tell what is spent, held and left, of the tenant and of its keys', async () => {
    await ledger.sql(
      "UPDATE tenants SET monthly_budget_nanos = 5000000000, total_budget_nanos = 12000000 WHERE id = 'ten_z'",
    );
    await ledger.use({ tenantId: 'ten_z', keyId: 'key_z', settled: false });
    expect(await accounts.budget('ten_z', {})).toEqual({
      object: 'budget',
      tenant: {
        running: 1,
        monthly: {
          period: month,
          limit_usd: 5,
          spent_usd: 0.001000001,
          held_usd: 0.01,
          remaining_usd: 4.988999999,
        },
        total: { limit_usd: 0.012, spent_usd: 0.001000001, held_usd: 0.01, remaining_usd: 0.000999999 },
      },
      keys: [
        {
          id: 'key_z',
          api_key_ids: ['key_z'],
          running: 1,
          monthly: {
            period: month,
            limit_usd: null,
            spent_usd: 0.001000001,
            held_usd: 0.01,
            remaining_usd: null,
          },
          total: { limit_usd: null, spent_usd: 0.001000001, held_usd: 0.01, remaining_usd: null },
        },
      ],
      last_id: 'key_z',
      has_more: false,
    });
  });

  it('begin anew with the month, whenever the account was last used (F9)', async () => {
    await ledger.sql(
      "UPDATE accounts SET month = '2026-01-01', month_spent = 7, month_held = 8 WHERE tenant_id = 'ten_z'",
    );
    const { tenant, keys } = await accounts.budget('ten_z', {});
    for (const account of [tenant, ...keys]) {
      expect(account.monthly).toMatchObject({ period: month, spent_usd: 0, held_usd: 0 });
      expect(account.total.spent_usd).toBe(0.001000001);
    }
  });

  it('lowered below what is spent leave nothing, and not less (F8)', async () => {
    await ledger.sql("UPDATE tenants SET total_budget_nanos = 1 WHERE id = 'ten_z'");
    expect((await accounts.budget('ten_z', {})).tenant.total.remaining_usd).toBe(0);
  });

  it('are shown once for keys that share an account, and not for keys that work no more', async () => {
    await ledger.addTenant('ten_k', ['key_1', 'key_2', 'key_3', 'key_4']);
    await ledger.sql(`
      UPDATE api_keys SET account_id = 'key_1', total_budget_nanos = 3 WHERE id = 'key_2';
      UPDATE api_keys SET total_budget_nanos = 5 WHERE id = 'key_1';
      UPDATE api_keys SET revoked_at = now() WHERE id = 'key_3'`);
    const first = await accounts.budget('ten_k', { limit: 1 });
    expect(first.keys.map(({ id, api_key_ids, total }) => [id, api_key_ids, total.limit_usd])).toEqual([
      ['key_1', ['key_1', 'key_2'], 3e-9],
    ]);
    expect(first).toMatchObject({ has_more: true, last_id: 'key_1' });
    const rest = await accounts.budget('ten_k', { after: 'key_1' });
    expect([rest.keys.map(({ id }) => id), rest.has_more]).toEqual([['key_4'], false]);
  });

  it.each(['key_a', 'key_no', 'ten_k', 'zzz'])(
    "begin after no key that is not the tenant's: %j",
    async (after) => {
      await expect(accounts.budget('ten_k', { after })).rejects.toMatchObject(NO_CURSOR);
    },
  );

  it('begin after a key that works no more', async () => {
    expect((await accounts.budget('ten_k', { after: 'key_3' })).keys.map(({ id }) => id)).toEqual(['key_4']);
  });

  it('of a tenant that has used nothing are whole', async () => {
    await ledger.addTenant('ten_new', []);
    const { tenant, keys, last_id } = await accounts.budget('ten_new', {});
    expect([tenant.running, tenant.total.spent_usd, keys, last_id]).toEqual([0, 0, [], null]);
  });
});

describe('alerts', () => {
  it('are listed newest first, with what became of them, and never to another tenant', async () => {
    await ledger.sql(`INSERT INTO budget_alerts (id, tenant_id, account_id, period, threshold, budget_nanos, spent_nanos,
        created_at, attempts, next_attempt_at, delivered_at, last_outcome) VALUES
      ('evt_b', 'ten_a', 'ten_a', '2026-10', 50, 100, 50, '2026-10-01Z', 1, NULL, '2026-10-01Z', 'status 200'),
      ('evt_c', 'ten_a', 'key_a', 'total', 80, 100, 80, '2026-10-02Z', 3, '2026-10-03Z', NULL, 'status 500'),
      ('evt_a', 'ten_a', 'key_a', 'total', 100, 100, 100, '2026-10-02Z', 9, NULL, NULL, 'status 500')`);
    const all = await accounts.budgetAlerts('ten_a', {});
    expect(all.data.map(({ id, status, scope }) => [id, status, scope])).toEqual([
      ['evt_c', 'pending', 'key'],
      ['evt_a', 'failed', 'key'],
      ['evt_b', 'delivered', 'tenant'],
    ]);
    const pages = [
      await accounts.budgetAlerts('ten_a', { limit: 1 }),
      await accounts.budgetAlerts('ten_a', { after: 'evt_c' }),
    ];
    expect(pages.map(({ data }) => data.map(({ id }) => id))).toEqual([['evt_c'], ['evt_a', 'evt_b']]);
  });

  it.each(['evt_c', 'evt_no', '', 'zzz'])(
    "of another tenant's, or none, mark no place: %j",
    async (after) => {
      await expect(accounts.budgetAlerts('ten_z', { after })).rejects.toMatchObject(NO_CURSOR);
    },
  );
});
