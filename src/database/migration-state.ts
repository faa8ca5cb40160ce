// Which migrations a database has, by the table `_prisma_migrations` that Prisma Migrate keeps.
import type pg from 'pg';

/** Anything that runs a query: a client or a pool. */
export type Queryable = Pick<pg.Client, 'query'>;

/** An earlier attempt that neither finished nor was marked as rolled back. */
export interface FailedMigration {
  readonly name: string;
  /** The error, as far as it was recorded. */
  readonly logs: string | null;
}

const undefinedTable = '42P01';

/** Which of `names` the database has not finished, in their order. One SELECT. */
export async function pendingOf(database: Queryable, names: readonly string[]): Promise<string[]> {
  const rows = await select<{ name: string }>(
    database,
    'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  const finished = new Set(rows.map(({ name }) => name));
  return names.filter((name) => !finished.has(name));
}

/** The first failed migration, if any. Prisma calls this state P3009 and applies nothing until it is resolved. */
export async function failedMigration(database: Queryable): Promise<FailedMigration | undefined> {
  const rows = await select<FailedMigration>(
    database,
    'SELECT migration_name AS name, logs FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL ORDER BY started_at',
  );
  return rows[0];
}

/** A database without the table has had no migration. */
async function select<Row extends pg.QueryResultRow>(database: Queryable, sql: string): Promise<Row[]> {
  try {
    return (await database.query<Row>(sql)).rows;
  } catch (error) {
    if ((error as { code?: unknown }).code === undefinedTable) return [];
    throw error;
  }
}
