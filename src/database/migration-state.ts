// Which migrations a database has, by the table `_prisma_migrations` that Prisma Migrate keeps, and whether it would
// take any.
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

/** Which finished migrations of the database are none of `names`: a newer version has brought them. In their order. */
export async function unknownTo(database: Queryable, names: readonly string[]): Promise<string[]> {
  const rows = await select<{ name: string }>(
    database,
    `SELECT migration_name AS name FROM _prisma_migrations
     WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL AND migration_name <> ALL ($1) ORDER BY started_at`,
    [names],
  );
  return rows.map(({ name }) => name);
}

/** Whether a gateway can work with a database. */
export interface DatabaseReadiness {
  /** Whether what is written now is refused: on a standby, or under `default_transaction_read_only`. */
  readonly isReadOnly: boolean;
  /** As {@link pendingOf}. */
  readonly pending: readonly string[];
}

/** Whether the database takes what is written, and has all of `names`. One SELECT. */
export async function readinessOf(database: Queryable, names: readonly string[]): Promise<DatabaseReadiness> {
  const [row] = await select<{ is_read_only: boolean; finished: string[] }>(
    database,
    // A standby says `on` here too: https://www.postgresql.org/docs/18/hot-standby.html
    `SELECT current_setting('transaction_read_only') = 'on' AS is_read_only, ARRAY(
       SELECT migration_name::text FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL
     ) AS finished`,
  );
  const finished = new Set(row?.finished);
  return { isReadOnly: row?.is_read_only ?? false, pending: names.filter((name) => !finished.has(name)) };
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
async function select<Row extends pg.QueryResultRow>(
  database: Queryable,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  try {
    return (await database.query<Row>(sql, [...values])).rows;
  } catch (error) {
    if ((error as { code?: unknown }).code === undefinedTable) return [];
    throw error;
  }
}
