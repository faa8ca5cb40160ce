// Brings a database up to date at start, so that an update of Cerebro is a restart. Does with Prisma's own
// engine what `prisma migrate deploy` does, and leaves `_prisma_migrations` as that command expects it.
import pg from 'pg';
import { MigrationError } from './migration-error.js';
import { migrationNames, readMigrations, type Migration } from './migration-files.js';
import { repair } from './migration-repair.js';
import { isConcurrent, statementsOf } from './migration-script.js';
import { pendingOf, unknownTo } from './migration-state.js';
import { schemaEngineAdapter } from './schema-engine-adapter.js';
import { everything, migrationList, withSchemaEngine } from './schema-engine.js';

/** A database and the migrations folder for it. */
export interface MigrationTarget {
  /** Connection string of a role that may change the schema. */
  readonly url: string;
  readonly folder: string;
  /**
   * Told, in order, of migrations in the database that the folder lacks: a newer version has run on it. No reason to
   * refuse: a schema serves the version before it too.
   */
  readonly onUnknown?: (names: readonly string[]) => void;
}

/**
 * The advisory lock that Prisma Migrate takes itself. Taken here first: its own wait ends after 10 s, ours when
 * the other node has finished.
 * @see https://pris.ly/d/migrate-advisory-locking
 */
const lockKey = 72707369;

/** Longest wait for another node's migrations, in PostgreSQL's notation. */
const patience = '5min';

/**
 * Limits of each statement, in PostgreSQL's notation. Who waits for a lock holds up everybody behind: rather let the
 * migration fail, and the next start try again. A file may set others for itself, by SET LOCAL.
 */
const limits = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s'";

/** What the message of the migration on row-level security asks an administrator for. */
const createTenantRole = 'CREATE ROLE cerebro_tenant NOLOGIN; ';

/** What is done CONCURRENTLY holds up nobody, and takes as long as it takes. */
const noLimits = 'SET lock_timeout = 0; SET statement_timeout = 0';

/**
 * Applies what is pending, each migration in one transaction: wholly or not at all. One that is done CONCURRENTLY, which
 * no transaction allows, is taken up again by the next call. Several nodes may call this at once.
 * @returns The names applied by this call.
 * @throws MigrationError when the database cannot be reached, a migration fails or had failed before, or the lock cannot be had.
 */
export async function applyMigrations({ url, folder, onUnknown }: MigrationTarget): Promise<string[]> {
  const names = await migrationNames(folder);
  return withSession(url, async (session) => {
    if (onUnknown) {
      const unknown = await unknownTo(session, names);
      if (unknown.length > 0) onUnknown(unknown);
    }
    if ((await pendingOf(session, names)).length === 0) return [];
    await takeLock(session);
    if ((await pendingOf(session, names)).length === 0) return [];
    const migrations = await readMigrations(folder);
    await repair(session, migrations);
    const pending = await pendingOf(session, names);
    refuseMixed(migrations, pending);
    await applyAll(session, { folder, migrations, pending });
    return pending;
  });
}

/** Names of the migrations that the database lacks, in order. Opens a connection of its own; changes nothing. */
export async function pendingMigrations({ url, folder }: MigrationTarget): Promise<string[]> {
  const names = await migrationNames(folder);
  return withSession(url, (session) => pendingOf(session, names));
}

/**
 * Runs `use` on a fresh connection, which is closed afterwards and gives back any lock it holds.
 * @throws MigrationError when there is no connection to be had within 10 s.
 */
export async function withSession<T>(url: string, use: (session: pg.Client) => Promise<T>): Promise<T> {
  const session = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: 'cerebro-migrations',
  });
  // A connection that breaks also rejects the query under way, which is where it is handled.
  session.on('error', () => undefined);
  try {
    await session.connect().catch((error: unknown) => cannotConnect(session, error));
    return await use(session);
  } finally {
    await session.end();
  }
}

function cannotConnect({ host, port }: pg.Client, cause: unknown): never {
  const { message, code } = cause as NodeJS.ErrnoException;
  throw new MigrationError(
    `The database at ${host}:${port} cannot be used: ${message || code}. Check DATABASE_URL.`,
    { cause },
  );
}

async function takeLock(session: pg.Client): Promise<void> {
  await session.query(`SET lock_timeout = '${patience}'`);
  try {
    await session.query('SELECT pg_advisory_lock($1)', [lockKey]);
  } catch (error) {
    if ((error as { code?: unknown }).code !== '55P03') throw error;
    throw new MigrationError(
      `Another process has held the lock on migrations for ${patience}: end it (see pg_locks, objid ${lockKey}), then start again.`,
      { cause: error },
    );
  }
  await session.query('RESET lock_timeout');
}

/** @throws {MigrationError} before anything was applied */
function refuseMixed(migrations: readonly Migration[], pending: readonly string[]): void {
  const mixed = migrations.find(
    ({ name, sql }) => pending.includes(name) && isConcurrent(sql) && statementsOf(sql).length > 1,
  );
  if (!mixed) return;
  throw new MigrationError(
    `The migration ${mixed.name} has a statement that PostgreSQL runs CONCURRENTLY, and others beside it: give it a migration of its own. Nothing was applied.`,
  );
}

interface Work {
  readonly folder: string;
  readonly migrations: readonly Migration[];
  /** Names of what is to be applied. */
  readonly pending: readonly string[];
}

async function applyAll(session: pg.Client, { folder, migrations, pending }: Work): Promise<void> {
  let scriptError: unknown;
  const adapter = schemaEngineAdapter(session, { onScriptError: (error) => (scriptError = error) });
  await withSchemaEngine(adapter, async (engine) => {
    for (const name of pending) {
      const known = upTo(name, migrations, pending);
      const list = migrationList(folder, known);
      const { sql = '' } = known.find((migration) => migration.name === name) ?? {};
      try {
        await inTransaction(session, !isConcurrent(sql), () =>
          engine.applyMigrations({ filters: everything, migrationsList: list }),
        );
      } catch (error) {
        throw await cannotApply(session, name, scriptError ?? error);
      }
    }
  });
}

/** The migrations that the database has, and of the pending ones those up to `name`. */
function upTo(name: string, migrations: readonly Migration[], pending: readonly string[]): Migration[] {
  const later = new Set(pending.slice(pending.indexOf(name) + 1));
  return migrations.filter((migration) => !later.has(migration.name));
}

/** The script and its row in `_prisma_migrations` become true together: not even a crash leaves one half done. */
async function inTransaction(
  session: pg.Client,
  isPossible: boolean,
  apply: () => Promise<unknown>,
): Promise<void> {
  if (!isPossible) {
    await session.query(noLimits);
    await apply();
    return;
  }
  await session.query('BEGIN');
  try {
    await session.query(limits);
    await apply();
    await session.query('COMMIT');
  } catch (error) {
    // Where this fails the connection is gone, and the transaction with it.
    await session.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function cannotApply(session: pg.Client, name: string, cause: unknown): Promise<MigrationError> {
  const [reason = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  const remedy = (await hasTenantRole(session)) ? reason.replace(createTenantRole, '') : reason;
  return new MigrationError(
    `The migration ${name} could not be applied: ${remedy.replace(/;$/, '')}. Later ones were not tried.`,
    { cause },
  );
}

/** Roles are the whole server's: the migrations of another of its databases may have made this one. */
async function hasTenantRole(session: pg.Client): Promise<boolean> {
  const found = session.query("SELECT FROM pg_roles WHERE rolname = 'cerebro_tenant'");
  // Without a connection, what is told is why the migration failed.
  return found.then(
    ({ rowCount }) => rowCount === 1,
    () => false,
  );
}
