// Clears the way for a migration that was begun earlier and did not finish. Only one that is done CONCURRENTLY can be
// left so: all others are one transaction together with their row in `_prisma_migrations`.
import type pg from 'pg';
import { MigrationError } from './migration-error.js';
import type { Migration } from './migration-files.js';
import { dropsIndex, indexBuilt } from './migration-script.js';
import { type FailedMigration, failedMigration } from './migration-state.js';

/**
 * What breaks off the build of an index leaves half an index, which is dropped, or a whole one, if only we have gone: the
 * server then builds on. To be called under the lock on migrations, so that nobody is building any more.
 *
 * @throws {MigrationError} for any other migration, with the statement that clears the way
 */
export async function repair(session: pg.Client, migrations: readonly Migration[]): Promise<void> {
  for (let failed; (failed = await failedMigration(session)) !== undefined;) {
    const { name } = failed;
    const sql = migrations.find((migration) => migration.name === name)?.sql ?? '';
    const index = indexBuilt(sql);
    if (index !== undefined) await clearIndex(session, index, failed);
    else if (dropsIndex(sql)) await mark(session, failed, 'rolled_back_at = now()');
    else throw cannotRepair(failed);
  }
}

async function clearIndex(session: pg.Client, index: string, failed: FailedMigration): Promise<void> {
  const { rows } = await session.query<{ is_valid: boolean }>(
    'SELECT indisvalid AS is_valid FROM pg_index WHERE indexrelid = to_regclass($1)',
    [index],
  );
  const isValid = rows[0]?.is_valid;
  // With an error on record, a whole one of this name is another's: the next attempt says so.
  if (isValid && !failed.logs) {
    await mark(session, failed, 'finished_at = now(), applied_steps_count = 1');
    return;
  }
  if (isValid === false) {
    await session.query('SET statement_timeout = 0');
    await session.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`);
  }
  await mark(session, failed, 'rolled_back_at = now()');
}

async function mark(session: pg.Client, { name }: FailedMigration, change: string): Promise<void> {
  await session.query(
    `UPDATE _prisma_migrations SET ${change}
     WHERE migration_name = $1 AND finished_at IS NULL AND rolled_back_at IS NULL`,
    [name],
  );
}

function cannotRepair({ name, logs }: FailedMigration): MigrationError {
  return new MigrationError(
    `The migration ${name} was begun earlier and did not finish${logs ? ` (${logs.split('\n')[0]})` : ''}. ` +
      `Undo what it left behind, then run 'npx prisma migrate resolve --rolled-back ${name}', or in SQL: ` +
      `UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '${name}' AND finished_at IS NULL.`,
  );
}
