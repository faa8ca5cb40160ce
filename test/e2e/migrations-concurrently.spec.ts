// Migrations that build or drop an index beside the work of others, which PostgreSQL does in no transaction: how they are
// told from others, what breaks them off, and how the next start goes on.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MigrationError } from '../../src/database/migration-error.js';
import { applyMigrations, pendingMigrations, withSession } from '../../src/database/migrations.js';
import { createTestDatabase, execute, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let folder: string;
beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  folder = await mkdtemp(join(tmpdir(), 'cerebro-migrations-'));
  await givenMigration('1_table', 'CREATE TABLE list (n int); INSERT INTO list VALUES (1), (1)');
  await apply();
});
afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

async function givenMigration(name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, 'migration.sql'), sql);
}

const apply = (): Promise<string[]> => applyMigrations({ url: database.url, folder });
const pending = (): Promise<string[]> => pendingMigrations({ url: database.url, folder });

async function refusal(): Promise<string> {
  const error = await apply().catch((caught: unknown) => caught);
  if (error instanceof MigrationError) return error.message;
  throw new Error('The migrations were not refused.', { cause: error });
}

async function rows(sql: string): Promise<Record<string, unknown>[]> {
  return withSession(
    database.url,
    async (session) => (await session.query<Record<string, unknown>>(sql)).rows,
  );
}

/** Whether each index of the table is whole, by its name. */
async function indexes(): Promise<Record<string, unknown>> {
  const found = await rows(
    "SELECT indexrelid::regclass::text AS name, indisvalid AS valid FROM pg_index WHERE indrelid = 'list'::regclass",
  );
  return Object.fromEntries(found.map(({ name, valid }) => [String(name), valid]));
}

/** A row as the engine leaves it when its process is killed. */
const begun = (name: string) =>
  execute(
    database.url,
    `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES (gen_random_uuid()::text, 'x', '${name}')`,
  );

const UNIQUE = 'CREATE UNIQUE INDEX CONCURRENTLY list_n ON list (n);';

describe('a migration CONCURRENTLY', () => {
  it('is applied without limits, alone in its file, whatever comments say', async () => {
    await execute(
      database.url,
      `CREATE FUNCTION unlimited(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
         IF current_setting('statement_timeout') || current_setting('lock_timeout') <> '00' THEN RAISE 'limited'; END IF;
         RETURN n; END $$;
       DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = ''1min''', current_database()); END $$`,
    );
    await givenMigration(
      '2_index',
      '-- Why; and how.\nCREATE INDEX CONCURRENTLY list_n ON list (unlimited(n));\n',
    );
    expect(await apply()).toEqual(['2_index']);
    await givenMigration('3_index', 'DROP INDEX CONCURRENTLY IF EXISTS list_n');
    expect(await apply()).toEqual(['3_index']);
    expect(await indexes()).toEqual({});
  });

  it('is refused beside other statements, before anything was applied', async () => {
    await givenMigration('2_rows', 'INSERT INTO list VALUES (2)');
    await givenMigration('3_index', `SET lock_timeout = '5s'; ${UNIQUE}`);
    expect(await refusal()).toMatch(/^The migration 3_index has .* CONCURRENTLY, and others .*applied\.$/);
    expect(await pending()).toEqual(['2_rows', '3_index']);
    await givenMigration('3_index', 'CREATE INDEX CONCURRENTLY list_n ON list (n)');
    expect(await apply()).toEqual(['2_rows', '3_index']);
  });

  it('is not what only speaks of it: that stays one transaction', async () => {
    await givenMigration('2_rows', '-- CONCURRENTLY\nDELETE FROM list; INSERT INTO missing VALUES (1)');
    expect(await refusal()).toContain('2_rows could not be applied: relation "missing" does not exist');
    expect(await rows('SELECT n FROM list')).toHaveLength(2);
    await givenMigration('2_rows', '-- CONCURRENTLY\nDELETE FROM list');
    expect(await apply()).toEqual(['2_rows']);
  });
});

describe('a migration CONCURRENTLY that was broken off', () => {
  it('is built anew in the place of the half that it left', async () => {
    await givenMigration('2_index', UNIQUE);
    const message = '2_index could not be applied: could not create unique index "list_n"';
    expect(await refusal()).toContain(message);
    expect(await indexes()).toEqual({ list_n: false });
    expect(await refusal()).toContain(message);
    await execute(database.url, 'DELETE FROM list');
    expect(await apply()).toEqual(['2_index']);
    expect(await indexes()).toEqual({ list_n: true });
  });

  it('is done where only its process was killed, and the server has built on', async () => {
    await givenMigration('2_index', 'CREATE INDEX CONCURRENTLY list_n ON list (n)');
    await execute(database.url, 'CREATE INDEX list_n ON list (n)');
    await begun('2_index');
    await givenMigration('3_rows', 'INSERT INTO list VALUES (3)');
    expect(await apply()).toEqual(['3_rows']);
    expect(await pending()).toEqual([]);
    expect(await indexes()).toEqual({ list_n: true });
  });

  it("leaves another's index of that name alone, and says each time that it is in the way", async () => {
    await execute(database.url, 'CREATE INDEX list_n ON list (n)');
    await givenMigration('2_index', UNIQUE);
    for (let start = 0; start < 2; start++) {
      expect(await refusal()).toContain('2_index could not be applied: relation "list_n" already exists');
    }
    await execute(database.url, 'DROP INDEX list_n; DELETE FROM list');
    expect(await apply()).toEqual(['2_index']);
  });

  it('is done again where it drops an index', async () => {
    await execute(database.url, 'CREATE INDEX list_n ON list (n)');
    await givenMigration('2_index', 'DROP INDEX CONCURRENTLY IF EXISTS list_n');
    await begun('2_index');
    expect(await apply()).toEqual(['2_index']);
    expect(await indexes()).toEqual({});
  });

  it('of another kind is refused with the statement that clears the way', async () => {
    await givenMigration('2_index', 'REINDEX INDEX CONCURRENTLY missing_n');
    expect(await refusal()).toContain('relation "missing_n" does not exist');
    const message = await refusal();
    expect(message).toContain('2_index was begun earlier and did not finish');
    await execute(database.url, /UPDATE _prisma_migrations .* IS NULL/.exec(message)?.[0] ?? '');
    await givenMigration('2_index', 'CREATE INDEX CONCURRENTLY list_n ON list (n)');
    expect(await apply()).toEqual(['2_index']);
  });
});
