// `migrate` from the command line, as an init container runs it: in production, with the database's address alone.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrationNames, migrationsFolder } from '../../src/database/migration-files.js';
import { eventually, freePort } from '../support/gateway.js';
import { LoadBalancer } from '../support/load-balancer.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { beginCommand, runToEnd } from '../support/process.js';

let database: TestDatabase;
let names: string[];
beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  names = await migrationNames(migrationsFolder);
});
afterEach(() => database.drop());

const migrate = (...args: string[]) =>
  runToEnd(['cli', 'migrate', ...args], { NODE_ENV: 'production', DATABASE_URL: database.url });

describe('migrate', { timeout: 120_000 }, () => {
  it('lists what is lacking with --check, applies it without, and then has nothing to do', async () => {
    const list = `${names.join('\n')}\n`;
    expect(await migrate('--check')).toMatchObject({ code: 1, stdout: list });
    expect(await migrate('--check')).toMatchObject({ code: 1, stdout: list });
    expect(await migrate()).toMatchObject({ code: 0, stdout: list });
    expect(await migrate()).toMatchObject({ code: 0, stdout: 'Nothing to apply.\n' });
    expect(await migrate('--check')).toMatchObject({ code: 0, stdout: 'Nothing to apply.\n' });
  });

  it('applies each migration once when several run at the same time (H6)', async () => {
    const runs = await Promise.all([migrate(), migrate(), migrate()]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    const printed = runs.flatMap(({ stdout }) => stdout.trim().split('\n'));
    expect(printed.filter((line) => line !== 'Nothing to apply.').sort()).toEqual(names);
  });

  it('says in one line that it needs a database, and cannot reach it', async () => {
    const without = await runToEnd(['cli', 'migrate'], { NODE_ENV: 'production' });
    expect(without.code).toBe(1);
    expect(without.stderr.trim()).toMatch(/^Cerebro cannot start: DATABASE_URL is required[^;]*$/);
    const DATABASE_URL = 'postgresql://cerebro:hunter2@127.0.0.1:9/cerebro';
    const impatient = { NODE_ENV: 'production', CEREBRO_DATABASE_WAIT: '0' };
    const away = await runToEnd(['cli', 'migrate'], { ...impatient, DATABASE_URL });
    expect([away.code, away.stdout]).toEqual([1, '']);
    expect(away.stderr.trim()).toMatch(/^(?!.*hunter2)The database at 127\.0\.0\.1:9 cannot be used.*$/);
  });

  it.each([
    ['migrate', []],
    ['migrate --check', ['--check']],
  ])('waits for a database that starts later, as an init container must: %s (H16)', async (_, args) => {
    const url = new URL(database.url);
    url.port = String(await freePort());
    const env = { NODE_ENV: 'production', DATABASE_URL: url.href, CEREBRO_DATABASE_WAIT: '50s' };
    const { ended, errors } = beginCommand(['cli', 'migrate', ...args], env);
    await eventually('it waits', () => errors().includes('Trying again in'), 30_000);
    const way = await LoadBalancer.open(Number(url.port));
    try {
      way.target = database.url;
      const { code, stdout, stderr } = await ended;
      expect([code, stdout]).toEqual([args.length, `${names.join('\n')}\n`]);
      expect(stderr).toMatch(/^The database at .* cannot be used: .* Trying again in 0\.5 s\.$/m);
    } finally {
      await way.close();
    }
  });

  it('explains itself', async () => {
    const { code, stdout } = await runToEnd(['cli', 'migrate', '--help'], {});
    expect(code).toBe(0);
    expect(stdout).toMatch(/--check/);
  });
});
