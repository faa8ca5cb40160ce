// Budgets and places under races: two nodes, each with connections of its own, on one PostgreSQL.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { account, admit, admitAll, client, ended, intent, node, sql, useNodes } from './admission.fixture.js';
import type { Intent } from './prediction-rows.js';

useNodes();

describe('what may be spent', () => {
  it.each(['total', 'monthly'])(
    'is never exceeded by a race: room for 10 of 200, %s (F1, P14)',
    async (kind) => {
      await sql(`UPDATE tenants SET ${kind}_budget_nanos = 1050 WHERE id = 'ten_a'`);
      const refusals = await admitAll(Array.from({ length: 200 }, () => intent()));
      expect(refusals.filter((refusal) => refusal === undefined)).toHaveLength(10);
      expect(new Set(refusals.map((refusal) => refusal?.refusal))).toEqual(
        new Set([undefined, `${kind}_budget`]),
      );
      expect(await client().prediction.count()).toBe(10);
      expect(await account('ten_a')).toMatchObject({ running: 10, totalHeld: 1000n, monthHeld: 1000n });
    },
  );

  it('leaves room again when what was held is given back, and keeps what was spent', async () => {
    await sql(`UPDATE api_keys SET total_budget_nanos = 150 WHERE id = 'key_a'`);
    const one = intent();
    expect(await node(0).admit([one])).toBeUndefined();
    expect(await admit()).toMatchObject({ refusal: 'total_budget', scope: 'key', mendable: true });
    await node(1).settle(ended(one.id, 40n));
    expect(await account('key_a')).toMatchObject({ running: 0, totalHeld: 0n, totalSpent: 40n });
    expect(await admit()).toBeUndefined();
    expect(await admit({ heldNanos: 111n })).toMatchObject({ refusal: 'total_budget', mendable: false });
  });

  it('books what nobody can tell at what was held for it', async () => {
    const one = intent();
    await node(0).admit([one]);
    await node(0).settle(ended(one.id, undefined));
    expect(await account('ten_a')).toMatchObject({ totalHeld: 0n, totalSpent: 100n, monthSpent: 100n });
    expect(await client().usageRollup.findFirst()).toMatchObject({ costNanos: 0n, uncertainNanos: 100n });
  });

  it('refuses a model without a price only where there is a budget to hold', async () => {
    expect(await admit({ heldNanos: undefined })).toBeUndefined();
    await sql(`UPDATE tenants SET monthly_budget_nanos = 1000000 WHERE id = 'ten_a'`);
    expect(await admit({ heldNanos: undefined })).toMatchObject({ refusal: 'unpriced', scope: 'tenant' });
  });

  it('counts a key and the key that it has replaced together', async () => {
    await sql(`UPDATE api_keys SET total_budget_nanos = 150 WHERE id IN ('key_a', 'key_a2')`);
    const both = [intent(), intent({ keyId: 'key_a2', accountId: 'key_a' })];
    const refusals = await node(0)
      .admit([both[0] as Intent])
      .then(async (first) => [first, await node(1).admit([both[1] as Intent])]);
    expect(refusals.map((refusal) => refusal?.refusal)).toEqual([undefined, 'total_budget']);
  });

  it('stops new calls when a budget is lowered below what is spent, and lets the running ones end (F8)', async () => {
    const one = intent();
    await node(0).admit([one]);
    await sql(`UPDATE tenants SET total_budget_nanos = 10 WHERE id = 'ten_a'`);
    expect(await admit()).toMatchObject({ refusal: 'total_budget' });
    await node(0).settle(ended(one.id, 90n));
    expect(await account('ten_a')).toMatchObject({ running: 0, totalSpent: 90n, totalHeld: 0n });
  });

  it('belongs to the month in which a prediction began, also when it ends in the next (F9)', async () => {
    const one = intent();
    await node(0).admit([one]);
    await sql(`UPDATE predictions SET created_at = created_at - interval '1 month';
      UPDATE accounts SET month = month - interval '1 month'`);
    expect(await admit()).toBeUndefined();
    expect(await account('ten_a')).toMatchObject({
      monthHeld: 100n,
      monthSpent: 0n,
      totalHeld: 200n,
      running: 2,
    });
    await node(0).settle(ended(one.id, 60n));
    expect(await account('ten_a')).toMatchObject({
      monthHeld: 100n,
      monthSpent: 0n,
      totalHeld: 100n,
      totalSpent: 60n,
    });
  });

  it('is booked to one month in the last half millisecond of it', async () => {
    const months = await client().$queryRaw<{ admitted: Date; settled: Date }[]>`
      SELECT month_of(m::timestamptz(3)) AS admitted, month_of(m) AS settled
      FROM (VALUES ('2026-11-30T23:59:59.9996Z'::timestamptz), ('2026-11-30T23:59:59.9994Z')) AS v(m)`;
    for (const { admitted, settled } of months) expect(admitted).toEqual(settled);
    expect(months.map(({ admitted }) => admitted.getUTCMonth())).toEqual([11, 10]);
  });

  it('is announced once at each threshold', async () => {
    await sql(
      `UPDATE tenants SET total_budget_nanos = 1000, alert_url = 'https://x.example' WHERE id = 'ten_a'`,
    );
    for (let call = 0; call < 6; call++) {
      const one = intent();
      await node(call).admit([one]);
      await node(call).settle(ended(one.id, 100n));
    }
    const alerts = await client().budgetAlert.findMany({ orderBy: { threshold: 'asc' } });
    expect(alerts).toMatchObject([{ accountId: 'ten_a', period: 'total', threshold: 50, spentNanos: 500n }]);
  });
});

describe('places', () => {
  it('are never exceeded by a race, of a key or of its tenant (F2, F11)', async () => {
    await sql(`UPDATE api_keys SET max_concurrency = 5 WHERE id = 'key_a';
      UPDATE tenants SET max_concurrency = 8 WHERE id = 'ten_a'`);
    const intents = Array.from({ length: 120 }, (_, index) =>
      intent({ keyId: index % 3 ? 'key_a' : 'key_a2' }),
    );
    const refusals = await admitAll(intents);
    const admitted = intents.filter((_, index) => refusals[index] === undefined);
    expect(admitted).toHaveLength(8);
    expect(admitted.filter(({ keyId }) => keyId === 'key_a').length).toBeLessThanOrEqual(5);
    await Promise.all(admitted.map(({ id }, index) => node(index).settle(ended(id, 1n))));
    expect(await account('ten_a')).toMatchObject({ running: 0, totalHeld: 0n, totalSpent: 8n });
    expect(await admit()).toBeUndefined();
  });

  it('are refused for good where there are none', async () => {
    await sql(`UPDATE tenants SET max_concurrency = 0 WHERE id = 'ten_a'`);
    expect(await admit()).toMatchObject({ refusal: 'concurrency', scope: 'tenant', mendable: false });
  });
});

describe('who may not', () => {
  it.each([
    ['a revoked key', `UPDATE api_keys SET revoked_at = now() WHERE id = 'key_a'`],
    ['an expired key', `UPDATE api_keys SET expires_at = now() WHERE id = 'key_a'`],
    ['a suspended tenant', `UPDATE tenants SET suspended_at = now() WHERE id = 'ten_a'`],
    ['a deleted tenant', `UPDATE tenants SET deleted_at = now() WHERE id = 'ten_a'`],
    ["another tenant's key", `UPDATE api_keys SET tenant_id = 'ten_b' WHERE id = 'key_a'`],
  ])('asks nothing whatever a node remembers: %s (E6, E17)', async (_, change) => {
    await sql(change);
    const [refused, other] = await admitAll([intent(), intent({ tenantId: 'ten_b', keyId: 'key_b' })]);
    expect(refused).toMatchObject({ refusal: 'unusable', mendable: false });
    expect(other).toBeUndefined();
    expect(await client().prediction.count()).toBe(1);
  });
});

describe('the account', () => {
  it('equals the sum of its predictions after any history over two nodes (F5, F7, O3)', async () => {
    const step = fc.record({
      key: fc.constantFrom('key_a', 'key_a2', 'key_b'),
      held: fc.bigInt({ min: 0n, max: 10n ** 15n }),
      cost: fc.option(fc.bigInt({ min: 0n, max: 10n ** 15n }), { nil: undefined }),
      ends: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        await sql('TRUNCATE predictions, accounts, usage_rollups');
        await Promise.all(
          steps.map(async ({ key, held, cost, ends }, index) => {
            const one = intent({
              keyId: key,
              tenantId: key === 'key_b' ? 'ten_b' : 'ten_a',
              heldNanos: held,
            });
            await node(index).admit([one]);
            // Its end may come on several ways at once.
            await Promise.all(
              Array.from({ length: ends }, (_, way) => node(way).settle(ended(one.id, cost))),
            );
          }),
        );
        for (const { id, ...sums } of await client().account.findMany()) {
          const of = steps.filter(({ key }) => key === id || (key === 'key_b' ? 'ten_b' : 'ten_a') === id);
          const open = of.filter(({ ends }) => ends === 0);
          const done = of.filter(({ ends }) => ends > 0);
          expect(sums.running).toBe(open.length);
          expect(sums.totalHeld).toBe(sum(open.map(({ held }) => held)));
          expect(sums.totalSpent).toBe(sum(done.map(({ held, cost }) => cost ?? held)));
        }
        const rolled = await client().usageRollup.findMany({ where: { width: 86_400 } });
        const done = steps.filter(({ ends }) => ends > 0);
        expect(rolled.reduce((total, { predictions }) => total + predictions, 0)).toBe(done.length);
        expect(sum(rolled.map(({ costNanos }) => costNanos))).toBe(sum(done.map(({ cost }) => cost ?? 0n)));
      }),
      { numRuns: 15 },
    );
  });
});

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
