// Migrations that nodes can apply while others are at work: what squawk can see of it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { migrationsFolder, readMigrations } from '../../src/database/migration-files.js';
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
const ABOUT_LOCKS = ['constraint-missing-not-valid', 'require-concurrent-index-deletion'];

const CONCURRENTLY = `-- squawk-ignore prefer-robust-stmts
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
      [
        'with a column that the version before does not fill',
        `ALTER TABLE "tenants" ADD COLUMN "x" INTEGER NOT NULL;`,
        'adding-required-field',
      ],
      [
        'with an index that stops all writes while it is built',
        `CREATE INDEX "x" ON "tenants"("name");`,
        'require-concurrent-index-creation',
      ],
      [
        'with an index that is built beside other statements, which is a transaction',
        `ALTER TABLE "tenants" ADD COLUMN "x" TEXT;\n${CONCURRENTLY}`,
        'ban-concurrent-index-creation-in-transaction',
      ],
      [
        'without the column that the version before reads',
        `ALTER TABLE "tenants" DROP COLUMN "name";`,
        'ban-drop-column',
      ],
      [
        'with another name for a column',
        `ALTER TABLE "tenants" RENAME COLUMN "name" TO "x";`,
        'renaming-column',
      ],
      [
        'with a check that is made of every row at once',
        `ALTER TABLE "tenants" ADD CONSTRAINT "x" CHECK ("name" <> '');`,
        'constraint-missing-not-valid',
      ],
      ['that is no SQL', 'ALTER TABLEE "tenants"', 'syntax-error'],
    ])('would be refused %s', (_, sql, rule) => {
      expect(brokenRules(sql)).toContain(rule);
    });

    it.each([
      ['a column that may be empty', `ALTER TABLE "tenants" ADD COLUMN "x" TEXT;`],
      ['a table with an index of its own', `CREATE TABLE "x" ("n" BIGINT);\nCREATE INDEX "x_n" ON "x"("n");`],
      ['an index beside the work of others, alone in its file', CONCURRENTLY],
      [
        'the end of a column, with its reason',
        `-- Nothing since 0.3 reads it.\n-- squawk-ignore ban-drop-column\nALTER TABLE "tenants" DROP COLUMN "x";`,
      ],
    ])('may bring %s', (_, sql) => {
      expect(brokenRules(sql)).toEqual([]);
    });
  },
);

describe('the linter of migrations', () => {
  it('is told the reason of every rule that does not count', async () => {
    const text = await readFile(join(migrationsFolder, '..', '..', '.squawk.toml'), 'utf8');
    const lines = text.split('\n');
    const excluded = lines.flatMap((line, at) => (/^ {2}"/.test(line) ? [at] : []));
    expect(excluded.length).toBeGreaterThan(0);
    for (const at of excluded) expect(lines[at - 1]).toMatch(/^ {2}# /);
  });
});
