// `migrate`: brings the database up to date before any gateway starts, as an init container or a release step does.
import { Command } from 'commander';
import { loadSettings } from './config/environment.js';
import { migrationsFolder } from './database/migration-files.js';
import { applyMigrations, pendingMigrations } from './database/migrations.js';
import { whenReachable } from './database/when-reachable.js';
import { startLocalServices } from './local-services.js';
import { retryLine } from './start-failure.js';

/** The command about migrations. Prints names, one a line. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('apply the migrations that the database lacks, and print their names')
    .option('--check', 'apply nothing: print what is lacking, and end with 1 where anything is')
    .action(({ check = false }: { check?: boolean }) => migrate(check));
}

/** Asks the environment for the database alone: neither token, keys nor pepper. Waits for it as a gateway would. */
async function migrate(check: boolean): Promise<void> {
  const services = await startLocalServices(await loadSettings('migration'), { role: 'command' });
  try {
    const { databaseUrl: url, databaseWaitMs } = services.settings;
    const target = { url, folder: migrationsFolder };
    const names = await whenReachable(() => (check ? pendingMigrations(target) : applyMigrations(target)), {
      limitMs: databaseWaitMs,
      onRetry: (error, pauseMs) => process.stderr.write(`${retryLine(error, pauseMs)}\n`),
    });
    process.stdout.write(names.length === 0 ? 'Nothing to apply.\n' : `${names.join('\n')}\n`);
    if (check && names.length > 0) process.exitCode = 1;
  } finally {
    await services.stop();
  }
}
