import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diffToSql } from '../../src/database/migration-diff.js';
import { MigrationError } from '../../src/database/migration-error.js';
import { migrationNames, migrationsFolder, schemaFile } from '../../src/database/migration-files.js';
import { applyMigrations, pendingMigrations, withSession } from '../../src/database/migrations.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  folder = await mkdtemp(join(tmpdir(), 'cerebro-migrations-'));
});
afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

async function givenMigration(name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, 'migration.sql'), sql);
}

function apply(from = folder): Promise<string[]> {
  return applyMigrations({ url: database.url, folder: from });
}

async function refusal(): Promise<Error> {
  const error = await apply().catch((caught: unknown) => caught);
  if (error instanceof MigrationError) return error;
  throw new Error('The migrations were not refused.', { cause: error });
}

async function rows(sql: string): Promise<Record<string, unknown>[]> {
  return withSession(
    database.url,
    async (session) => (await session.query<Record<string, unknown>>(sql)).rows,
  );
}

describe('the migrations of this package', () => {
  it('lead to the schema', async () => {
    expect(await diffToSql({ scratchUrl: database.url, folder: migrationsFolder, schemaFile })).toBe('');
  });

  it('would be found out if one were forgotten', async () => {
    const changed = join(folder, 'schema.prisma');
    const schema = await readFile(schemaFile, 'utf8');
    await writeFile(changed, `${schema}\nmodel Forgotten {\n  id String @id\n  mark String @db.Char(1)\n}\n`);
    const sql = await diffToSql({ scratchUrl: database.url, folder: migrationsFolder, schemaFile: changed });
    expect(sql).toContain('CREATE TABLE "Forgotten"');
    expect(sql).not.toContain('tenants');
  });

  it("are recorded as Prisma's command line records them", async () => {
    const names = await migrationNames(migrationsFolder);
    expect(await apply(migrationsFolder)).toEqual(names);
    const recorded = await rows('SELECT * FROM _prisma_migrations ORDER BY migration_name');
    expect(recorded).toEqual(
      await Promise.all(
        names.map(async (name) => ({
          id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
          checksum: createHash('sha256')
            .update(await readFile(join(migrationsFolder, name, 'migration.sql')))
            .digest('hex'),
          migration_name: name,
          started_at: expect.any(Date) as Date,
          finished_at: expect.any(Date) as Date,
          rolled_back_at: null,
          logs: null,
          applied_steps_count: 1,
        })),
      ),
    );
  });
});

describe('applyMigrations', () => {
  it('applies what is pending, in the order of names, and then nothing', async () => {
    await givenMigration('2_rows', 'INSERT INTO list VALUES (1)');
    await givenMigration('1_table', 'CREATE TABLE list (n int)');
    expect(await apply()).toEqual(['1_table', '2_rows']);
    expect(await apply()).toEqual([]);
    await givenMigration('3_more', 'INSERT INTO list VALUES (2)');
    expect(await apply()).toEqual(['3_more']);
    expect(await rows('SELECT n FROM list')).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('applies each migration once when nodes start at the same time', async () => {
    await givenMigration('1_slow', 'SELECT pg_sleep(0.2); CREATE TABLE list (n int)');
    await givenMigration('2_rows', 'INSERT INTO list VALUES (1)');
    const applied = await Promise.all([apply(), apply(), apply()]);
    expect(applied.flat().sort()).toEqual(['1_slow', '2_rows']);
    expect(await rows('SELECT n FROM list')).toEqual([{ n: 1 }]);
  });

  it('takes semicolons in strings and functions for what they are', async () => {
    await givenMigration(
      '1_function',
      `CREATE FUNCTION twice(n int) RETURNS int AS $$ BEGIN n := n * 2; RETURN n; END; $$ LANGUAGE plpgsql;
       CREATE TABLE list AS SELECT 'a;b' AS text;`,
    );
    await apply();
    expect(await rows('SELECT text, twice(21) FROM list')).toEqual([{ text: 'a;b', twice: 42 }]);
  });

  it('keeps nothing of a migration that fails, and applies it once it is repaired', async () => {
    await givenMigration('1_table', 'CREATE TABLE list (n int)');
    await givenMigration('2_broken', 'INSERT INTO list VALUES (1); INSERT INTO missing VALUES (1)');
    await givenMigration('3_later', 'INSERT INTO list VALUES (3)');
    const { message } = await refusal();
    expect(message).toContain('2_broken could not be applied: relation "missing" does not exist');
    expect(await rows('SELECT n FROM list')).toEqual([]);
    expect(await pendingMigrations({ url: database.url, folder })).toEqual(['2_broken', '3_later']);
    await givenMigration('2_broken', 'INSERT INTO list VALUES (2)');
    expect(await apply()).toEqual(['2_broken', '3_later']);
    expect(await rows('SELECT n FROM list')).toEqual([{ n: 2 }, { n: 3 }]);
  });

  it('limits the waits and the work of each, but for what a file says itself', async () => {
    const settings =
      "SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS work";
    await givenMigration('1_usual', `CREATE TABLE usual AS ${settings}`);
    await givenMigration('2_long', `SET LOCAL statement_timeout = '10min'; CREATE TABLE long AS ${settings}`);
    await givenMigration('3_usual', `INSERT INTO usual ${settings}`);
    await apply();
    const usual = { lock: '5s', work: '1min' };
    expect(await rows('SELECT * FROM usual')).toEqual([usual, usual]);
    expect(await rows('SELECT * FROM long')).toEqual([{ lock: '5s', work: '10min' }]);
  });

  it('fails in one line behind a lock of another, and applies it with the next call', async () => {
    await givenMigration('1_table', 'CREATE TABLE list (n int)');
    await apply();
    await givenMigration('2_column', 'ALTER TABLE list ADD COLUMN m int');
    await withSession(database.url, async (other) => {
      await other.query('BEGIN; LOCK TABLE list');
      expect((await refusal()).message).toMatch(/^The migration 2_column could not be .* lock timeout\./);
    });
    expect(await apply()).toEqual(['2_column']);
  });

  it('says in one line that the database cannot be reached, without its password', async () => {
    const url = 'postgresql://someone:secret@127.0.0.1:1/none';
    const error = await applyMigrations({ url, folder }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(MigrationError);
    expect(String(error)).toMatch(
      /^MigrationError: The database at 127\.0\.0\.1:1 cannot be used: .*DATABASE_URL\.$/,
    );
    expect(String(error)).not.toContain('secret');
  });

  it('fails when the folder is missing, instead of finding nothing to do', async () => {
    await expect(apply(join(folder, 'missing'))).rejects.toThrow('ENOENT');
  });
});

describe('pendingMigrations', () => {
  it('names what the database lacks, and changes nothing', async () => {
    await givenMigration('1_table', 'CREATE TABLE list (n int)');
    await givenMigration('2_rows', 'INSERT INTO list VALUES (1)');
    const target = { url: database.url, folder };
    expect(await pendingMigrations(target)).toEqual(['1_table', '2_rows']);
    expect(await rows("SELECT 1 FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
    await apply();
    expect(await pendingMigrations(target)).toEqual([]);
  });

  it('does not mind migrations of a newer version', async () => {
    await givenMigration('1_table', 'CREATE TABLE list (n int)');
    await givenMigration('2_newer', 'INSERT INTO list VALUES (1)');
    await apply();
    await rm(join(folder, '2_newer'), { recursive: true });
    expect(await pendingMigrations({ url: database.url, folder })).toEqual([]);
    expect(await apply()).toEqual([]);
  });

  it('are told of those of a newer version, and apply their own beside them (H6)', async () => {
    await givenMigration('1_table', 'CREATE TABLE list (n int)');
    await givenMigration('3_newer', 'INSERT INTO list VALUES (3)');
    await apply();
    await rm(join(folder, '3_newer'), { recursive: true });
    await givenMigration('2_late', 'INSERT INTO list VALUES (2)');
    const told: (readonly string[])[] = [];
    const target = { url: database.url, folder, onUnknown: (names: readonly string[]) => told.push(names) };
    expect(await applyMigrations(target)).toEqual(['2_late']);
    expect(told).toEqual([['3_newer']]);
    expect(await rows('SELECT n FROM list ORDER BY n')).toEqual([{ n: 2 }, { n: 3 }]);
  });
});
