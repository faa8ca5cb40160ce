// What stands in a gateway's tables, to tell whether anything has changed.
import { withSession } from '../../src/database/migrations.js';

/** All that callers can change, and the log of it. */
const TABLES = ['tenants', 'api_keys', 'stored_images', 'predictions', 'idempotent_calls', 'audit_events'];

/** The rows of every table, but for the time of a key's last use. */
export function contents(databaseUrl: string): Promise<Record<string, string[]>> {
  return withSession(databaseUrl, async (session) => {
    const tables: Record<string, string[]> = {};
    for (const table of TABLES) {
      const { rows } = await session.query<{ row: string }>(
        `SELECT (to_jsonb(t) - 'last_used_at')::text AS row FROM ${table} t ORDER BY 1`,
      );
      tables[table] = rows.map(({ row }) => row);
    }
    return tables;
  });
}

/**
 * Does several things at exactly the same time: a row that each of them needs is held until all wait for it, or for
 * one that waits; or for a second, where a node lets them wait for each other before they ask for the row.
 *
 * @param row a `SELECT … FOR UPDATE`
 */
export async function atOnce<Result>(
  databaseUrl: string,
  row: string,
  acts: readonly (() => Promise<Result>)[],
): Promise<Result[]> {
  return withSession(databaseUrl, async (session) => {
    await session.query('BEGIN');
    await session.query(row);
    const results = Promise.all(acts.map((act) => act()));
    const waiting = async () => {
      // Within a transaction the view stays as it was at the first look.
      await session.query('SELECT pg_stat_clear_snapshot()');
      const { rows } = await session.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rows[0]?.n ?? 0;
    };
    const end = Date.now() + 1000;
    while ((await waiting()) < acts.length && Date.now() < end) await new Promise((r) => setTimeout(r, 10));
    await session.query('COMMIT');
    return results;
  });
}
