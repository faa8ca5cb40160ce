// What is deleted, and what stays, in a real database.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LedgerDatabase, startLedger } from './ledger.fixture.js';
import { RetentionRepository } from './retention.repository.js';
import { Retention } from './retention.service.js';

const DAY = 86_400_000;

let ledger: LedgerDatabase;
beforeAll(async () => (ledger = await startLedger()));
afterAll(() => ledger.close());
beforeEach(() =>
  ledger.sql(`DELETE FROM predictions; DELETE FROM usage_rollups; DELETE FROM budget_alerts;
    DELETE FROM retained_contents; UPDATE tenants SET deleted_at = NULL`),
);

const ago = (days: number) => new Date(Date.now() - days * DAY);
const node = (lineKept = 400 * DAY) => new Retention(new RetentionRepository(ledger.prisma), lineKept);
const widths = async () => {
  // In the first hour of a day its bucket begins with the day's: only the widths tell them apart.
  const rows = await ledger.prisma.usageRollup.findMany({ orderBy: { width: 'asc' } });
  return rows.map(({ width }) => width);
};

const keep = (predictionId: string, expiresAt: Date, tenantId = 'ten_a') =>
  ledger.prisma.retainedContent.create({
    data: { predictionId, tenantId, prompt: {}, answer: 'Yes.', expiresAt },
  });
const kept = async () => {
  const rows = await ledger.prisma.retainedContent.findMany({ orderBy: { predictionId: 'asc' } });
  return rows.map(({ predictionId }) => predictionId);
};

describe('retention', () => {
  it('deletes settled lines that are old, and leaves sums by the day', async () => {
    await ledger.use({ at: ago(401) });
    const open = await ledger.use({ at: ago(401), settled: false });
    const young = await ledger.use({ at: ago(399) });
    await node().round();
    const rows = await ledger.prisma.prediction.findMany({ orderBy: { id: 'asc' } });
    expect(rows.map(({ id }) => id)).toEqual([open, young]);
    expect(await widths()).toEqual([3600, 86_400, 86_400]);
  });

  it('keeps minutes for a week and hours for four hundred days', async () => {
    for (const days of [6, 8, 399, 402]) await ledger.use({ at: ago(days) });
    await node(3650 * DAY).round();
    expect(await widths()).toEqual([60, 3600, 3600, 3600, ...Array<number>(4).fill(86_400)]);
    expect(await ledger.prisma.prediction.count()).toBe(4);
  });

  it('deletes texts whose time is over, and leaves their lines', async () => {
    const [old, young] = [await ledger.use({ at: ago(3) }), await ledger.use({ at: ago(2) })];
    await keep(old, ago(0.001));
    await keep(young, ago(-0.001));
    await node().round();
    expect(await kept()).toEqual([young]);
    expect(await ledger.prisma.prediction.count()).toBe(2);
  });

  it('deletes texts with their lines, and those of tenants that are gone', async () => {
    const [old, young] = [await ledger.use({ at: ago(401) }), await ledger.use()];
    const gone = await ledger.use({ tenantId: 'ten_z', keyId: 'key_z' });
    await keep(old, ago(-365));
    await keep(young, ago(-365));
    await keep(gone, ago(-365), 'ten_z');
    await ledger.sql("UPDATE tenants SET deleted_at = now() WHERE id = 'ten_z'");
    await node().round();
    expect(await kept()).toEqual([young]);
    expect(await ledger.prisma.prediction.count()).toBe(2);
  });

  it('takes more than one batch of texts, of several tenants', async () => {
    await ledger.sql(`INSERT INTO retained_contents (prediction_id, tenant_id, prompt, answer, expires_at)
      SELECT 'prd_' || n, CASE WHEN n % 2 = 0 THEN 'ten_a' ELSE 'ten_z' END, '{}', '',
        now() + CASE WHEN n <= 5000 THEN '-1 day'::interval ELSE '1 day'::interval END
      FROM generate_series(1, 10000) AS n; UPDATE tenants SET deleted_at = now()`);
    await node().round();
    expect(await ledger.prisma.retainedContent.count()).toBe(0);
  });

  it('deletes alerts of a quarter ago that are done with', async () => {
    await ledger.sql(`INSERT INTO budget_alerts (id, tenant_id, account_id, period, threshold, budget_nanos, spent_nanos,
        created_at, next_attempt_at) VALUES
      ('evt_done', 'ten_a', 'ten_a', 'total', 50, 1, 1, now() - interval '91 days', NULL),
      ('evt_open', 'ten_a', 'ten_a', 'total', 60, 1, 1, now() - interval '91 days', now()),
      ('evt_new', 'ten_a', 'ten_a', 'total', 70, 1, 1, now() - interval '89 days', NULL)`);
    await node().round();
    const rows = await ledger.prisma.budgetAlert.findMany({ orderBy: { id: 'asc' } });
    expect(rows.map(({ id }) => id)).toEqual(['evt_new', 'evt_open']);
  });

  it('takes more than one batch, and two nodes at once do no harm (H10)', async () => {
    await ledger.sql(`INSERT INTO usage_rollups SELECT 'ten_a', 60, now() - (n - 0.5) * interval '1 minute', 'k', 'm',
      1, 1, 0, 0, 0, 0, 0, 0, 0 FROM generate_series(1, 20000) AS n`);
    await Promise.all([node().round(), node().round()]);
    await node().round();
    expect(await ledger.prisma.usageRollup.count()).toBe(7 * 1440);
  });

  it('leaves all to the node that is at it already', async () => {
    await ledger.use({ at: ago(401) });
    await ledger.prisma.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(7270702)`;
      await node().round();
    });
    expect(await ledger.prisma.prediction.count()).toBe(1);
  });
});
