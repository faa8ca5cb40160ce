// Migrations that nodes can apply while others are at work: what squawk can see of it, and what PostgreSQL says.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrationsFolder, readMigrations } from '../../src/database/migration-files.js';
import { applyMigrations } from '../../src/database/migrations.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { brokenRules, hasSquawk } from '../support/squawk.js';

/** What the first release begins with: applied to an empty database alone, which nobody waits for. */
const BASELINE = [
  '20261123132709_tenants_and_keys',
  '20261123172149_predictions',
  '20261123185452_key_unsupported_params',
  '20261123214354_limits_and_ledger',
  '20261123220100_throttling',
  '20261123220200_audit',
  '20261123220300_isolation',
  '20261123225500_content_retention',
];

/** Rules about locks that others wait for, and about scans of rows that are there. The baseline is held to the rest. */
const ABOUT_LOCKS = [
  'constraint-missing-not-valid',
  'require-concurrent-index-deletion',
  'require-lock-timeout',
  'require-statement-timeout',
];

const TIMEOUTS = "SET LOCAL lock_timeout = '5s';\nSET LOCAL statement_timeout = '60s';\n";

const CONCURRENTLY = `-- squawk-ignore prefer-robust-stmts, require-lock-timeout, require-statement-timeout
CREATE INDEX CONCURRENTLY "tenants_name_idx" ON "tenants"("name");
`;

const migrations = await readMigrations(migrationsFolder);

describe.skipIf(!hasSquawk && !process.env.CI)(
  'migrations, linted by squawk (skipped where it is not installed)',
  () => {
    it('begin with those of the first release', () => {
      expect(migrations.slice(0, BASELINE.length).map(({ name }) => name)).toEqual(BASELINE);
    });

    it.each(migrations)('$name keeps to the rules', ({ name, sql }) => {
      const excused = BASELINE.includes(name) ? ABOUT_LOCKS : [];
      expect(brokenRules(sql).filter((rule) => !excused.includes(rule))).toEqual([]);
    });

    it.each([
      ['without limits to its waits', 'ALTER TABLE "tenants" ADD COLUMN "x" TEXT;', 'require-lock-timeout'],
      [
        'without a limit to its work',
        'ALTER TABLE "tenants" ADD COLUMN "x" TEXT;',
        'require-statement-timeout',
      ],
      [
        'with a column that the version before does not fill',
        `${TIMEOUTS}ALTER TABLE "tenants" ADD COLUMN "x" INTEGER NOT NULL;`,
        'adding-required-field',
      ],
      [
        'with an index that stops all writes while it is built',
        `${TIMEOUTS}CREATE INDEX "x" ON "tenants"("name");`,
        'require-concurrent-index-creation',
      ],
      [
        'with an index that is built beside other statements, which is a transaction',
        `${TIMEOUTS}${CONCURRENTLY}`,
        'ban-concurrent-index-creation-in-transaction',
      ],
      [
        'without the column that the version before reads',
        `${TIMEOUTS}ALTER TABLE "tenants" DROP COLUMN "name";`,
        'ban-drop-column',
      ],
      [
        'with another name for a column',
        `${TIMEOUTS}ALTER TABLE "tenants" RENAME COLUMN "name" TO "x";`,
        'renaming-column',
      ],
      [
        'with a check that is made of every row at once',
        `${TIMEOUTS}ALTER TABLE "tenants" ADD CONSTRAINT "x" CHECK ("name" <> '');`,
        'constraint-missing-not-valid',
      ],
      ['that is no SQL', 'ALTER TABLEE "tenants"', 'syntax-error'],
    ])('would be refused %s', (_, sql, rule) => {
      expect(brokenRules(sql)).toContain(rule);
    });

    it.each([
      ['a column that may be empty', `${TIMEOUTS}ALTER TABLE "tenants" ADD COLUMN "x" TEXT;`],
      [
        'a table with an index of its own',
        `${TIMEOUTS}CREATE TABLE "x" ("n" BIGINT);\nCREATE INDEX "x_n" ON "x"("n");`,
      ],
      ['an index beside the work of others, alone in its file', CONCURRENTLY],
      [
        'the end of a column, with its reason',
        `${TIMEOUTS}-- Nothing since 0.3 reads it.\n-- squawk-ignore ban-drop-column\nALTER TABLE "tenants" DROP COLUMN "x";`,
      ],
    ])('may bring %s', (_, sql) => {
      expect(brokenRules(sql)).toEqual([]);
    });
  },
);

describe('a migration of a database that is in use', () => {
  let database: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    database = await createTestDatabase({ empty: true });
    folder = await mkdtemp(join(tmpdir(), 'cerebro-lint-'));
  });
  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  async function migrate(name: string, sql: string): Promise<string[]> {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, 'migration.sql'), sql);
    try {
      return await applyMigrations({ url: database.url, folder });
    } catch (error) {
      await rm(join(folder, name), { recursive: true });
      throw error;
    }
  }

  it('may build an index beside the work of others, alone in its file, and not with the limits of the others', async () => {
    const first = migrations[0];
    await migrate(first?.name ?? '', first?.sql ?? '');
    expect(await migrate('3_index', CONCURRENTLY)).toEqual(['3_index']);
    const together = CONCURRENTLY.replace('tenants_name_idx', 'second_idx');
    await expect(migrate('4_index', TIMEOUTS + together)).rejects.toThrow(
      /CONCURRENTLY cannot (run inside|be executed (from|within)) a/,
    );
  });
});

describe('the linter of migrations', () => {
  it('is told the reason of every rule that does not count', async () => {
    const text = await readFile(join(migrationsFolder, '..', '..', '.squawk.toml'), 'utf8');
    const lines = text.split('\n');
    const excluded = lines.flatMap((line, at) => (/^ {2}"/.test(line) ? [at] : []));
    expect(excluded.length).toBeGreaterThan(0);
    for (const at of excluded) expect(lines[at - 1]).toMatch(/^ {2}# /);
  });
});
