// The command line: the use cases of the admin API, straight on the database, and its migrations. Prints JSON.
import 'reflect-metadata';
import { Command } from 'commander';
import { auditCommand } from './cli-audit.js';
import { keyCommand } from './cli-key.js';
import { migrateCommand } from './cli-migrate.js';
import { tenantCommand } from './cli-tenant.js';
import { ApiError } from './errors/api-error.js';
import { oneLine } from './start-failure.js';

const program = new Command('cerebro')
  .description(
    'Tenants, keys, the audit log and migrations of Cerebro, straight on its database. Prints JSON.',
  )
  .showHelpAfterError()
  .addCommand(tenantCommand())
  .addCommand(keyCommand())
  .addCommand(auditCommand())
  .addCommand(migrateCommand());

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ApiError ? error.message : oneLine(error)}\n`);
  process.exit(1);
});
