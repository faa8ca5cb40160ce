// Holds the gateway's ledger against what the sandbox would have charged.
import { expect } from 'vitest';
import { withSession } from '../../src/database/migrations.js';
import { eventually, type TestGateway } from './gateway.js';

/** A line of the ledger. */
export interface LedgerLine {
  readonly id: string;
  readonly state: string;
  readonly upstream_id: string | null;
  readonly model: string;
  readonly version: string | null;
  readonly request_id: string;
  readonly run_time_us: string | null;
  readonly billing: string | null;
  readonly cost_nanos: string | null;
  readonly error: string | null;
  readonly settled_at: Date | null;
  readonly sent_at: Date | null;
  readonly images: number;
}

/** All lines, oldest first. */
export async function ledger({ databaseUrl }: Pick<TestGateway, 'databaseUrl'>): Promise<LedgerLine[]> {
  return withSession(databaseUrl, async (session) => {
    const { rows } = await session.query<LedgerLine>('SELECT * FROM predictions ORDER BY id');
    return rows;
  });
}

/** Empties the ledger, with the sandbox's own. */
export async function startAnew({
  databaseUrl,
  sandbox,
}: Pick<TestGateway, 'databaseUrl' | 'sandbox'>): Promise<void> {
  await withSession(databaseUrl, (session) =>
    session.query('DELETE FROM predictions; DELETE FROM accounts; DELETE FROM usage_rollups'),
  );
  sandbox.reset();
}

/**
 * Every accepted create has one line, with its end and its run time to the microsecond, and nothing else costs
 * anything. Lines of creates that were never accepted may wait for their deadline.
 */
export async function expectOneBill(gateway: Pick<TestGateway, 'databaseUrl' | 'sandbox'>): Promise<void> {
  await eventually('every accepted prediction is settled', async () => {
    const settled = (await ledger(gateway)).filter(({ settled_at }) => settled_at !== null);
    const ids = new Set(settled.map(({ upstream_id }) => upstream_id));
    return gateway.sandbox.bill.entries.every(({ predictionId }) => ids.has(predictionId));
  });
  const lines = await ledger(gateway);
  const billed = gateway.sandbox.bill.entries.map(({ predictionId, status, billedSeconds }) => ({
    id: predictionId,
    status,
    us: Math.round(billedSeconds * 1_000_000),
  }));
  const accepted = lines
    .filter(({ upstream_id }) => upstream_id !== null)
    .map(({ upstream_id, state, run_time_us }) => ({
      id: upstream_id,
      status: state,
      us: Number(run_time_us ?? 0),
    }));
  const byId = (a: { id: string | null }, b: { id: string | null }): number =>
    String(a.id) < String(b.id) ? -1 : 1;
  expect(accepted.sort(byId)).toEqual(billed.sort(byId));
  await expectAccountsInOrder(gateway);
  const others = lines.filter(({ upstream_id, settled_at }) => upstream_id === null && settled_at !== null);
  for (const { billing } of others) expect(['nothing', 'unknown']).toContain(billing);
}

/** What is held is what open predictions hold, what is spent is what ended ones cost: for each key and tenant. */
async function expectAccountsInOrder({ databaseUrl }: Pick<TestGateway, 'databaseUrl'>): Promise<void> {
  const { rows } = await withSession(databaseUrl, (session) =>
    session.query(`
      SELECT a.id, a.running, a.total_held, a.total_spent, l.running AS open, l.held, l.spent
      FROM accounts a JOIN LATERAL (
        SELECT count(*) FILTER (WHERE settled_at IS NULL) AS running,
          COALESCE(sum(held_nanos) FILTER (WHERE settled_at IS NULL), 0) AS held,
          COALESCE(sum(COALESCE(cost_nanos, CASE billing WHEN 'unknown' THEN held_nanos END))
            FILTER (WHERE settled_at IS NOT NULL), 0) AS spent
        FROM predictions p WHERE a.id IN (p.tenant_id, p.account_id)
      ) l ON true
      WHERE (a.running, a.total_held, a.total_spent) IS DISTINCT FROM (l.running, l.held, l.spent)`),
  );
  expect(rows, 'accounts that differ from their ledger').toEqual([]);
}
