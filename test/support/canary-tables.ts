// Looks for what the canary knows in every column of every table, but for those that hold content on purpose.
import { withSession } from '../../src/database/migrations.js';
import type { Canary, Kind } from './canary.js';

/** A column that may hold something, what, and why. */
interface Exemption {
  readonly column: string;
  readonly kinds: readonly Kind[];
  /** Where it is documented. */
  readonly why: string;
}

/** All that content may stand in. Secrets may stand nowhere. */
export const EXEMPT: readonly Exemption[] = [
  {
    column: 'retained_contents.prompt',
    kinds: ['prompt'],
    why: 'kept for tenants that ask for it: docs/ledger.md',
  },
  {
    column: 'retained_contents.answer',
    kinds: ['answer'],
    why: 'kept for tenants that ask for it: docs/ledger.md',
  },
  {
    column: 'idempotent_calls.answer',
    kinds: ['answer'],
    why: 'told again to who repeats a call under its Idempotency-Key: docs/calls.md',
  },
  {
    column: 'stored_images.filename',
    kinds: ['image'],
    why: "the caller's own name of an upload, which /v1/files tells again: docs/images.md",
  },
  {
    column: 'stored_images.bytes',
    kinds: ['image'],
    why: 'uploads, and pictures on their way: docs/images.md',
  },
];

/** What stands in the tables of a database. */
export function findInTables(canary: Canary, databaseUrl: string): Promise<string[]> {
  return withSession(databaseUrl, async (session) => {
    const columns = await session.query<{ table: string; column: string }>(
      `SELECT table_name AS "table", column_name AS "column"
       FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
       WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY ordinal_position`,
    );
    const found: string[] = [];
    for (const [table, of] of Map.groupBy(columns.rows, (row) => row.table)) {
      const kept = EXEMPT.filter(({ column }) => column.startsWith(`${table}.`));
      const names = of
        .map(({ column }) => column)
        .filter((column) => !kept.some((it) => it.column === `${table}.${column}`));
      found.push(...canary.findIn(table, await textOf(names, table)));
      for (const { column, kinds } of kept)
        found.push(...canary.findIn(column, await textOf([column.slice(table.length + 1)], table), kinds));
    }
    return found;

    async function textOf(names: readonly string[], table: string): Promise<string> {
      const list = names.map((name) => `"${name}"`).join(', ');
      const { rows } = await session.query<{ text: string }>(
        `SELECT to_jsonb(t)::text AS text FROM (SELECT ${list} FROM "${table}") t`,
      );
      return rows.map(({ text }) => text).join('\n');
    }
  });
}
