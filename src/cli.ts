// The command line: the use cases of the admin API, straight on the database. Prints JSON.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Command, InvalidArgumentError, Option } from 'commander';
import { toCreatedKeyObject, toKeyObject, toTenantObject } from './auth/admin.mapper.js';
import { AuthModule } from './auth/auth.module.js';
import type { Slice } from './auth/tenancy.repository.js';
import { type KeyOptions, TenancyService } from './auth/tenancy.service.js';
import { SettingsModule } from './config/config.module.js';
import { loadSettings } from './config/environment.js';
import { toPage } from './contracts/list-page.contract.js';
import { parseTimestamp } from './contracts/checks.js';
import { DatabaseModule } from './database/database.module.js';
import { migrationsFolder } from './database/migration-files.js';
import { applyMigrations } from './database/migrations.js';
import { ApiError } from './errors/api-error.js';
import { UNSUPPORTED_PARAMS } from './inference/call.js';
import { startLocalServices } from './local-services.js';
import { oneLine } from './start-failure.js';

@Module({})
class CliModule {}

/** Runs a use case on the database that a gateway started here would use, and prints what it gives. */
async function run(act: (tenancy: TenancyService) => Promise<object>): Promise<void> {
  const services = await startLocalServices(loadSettings(), { role: 'command' });
  try {
    const { settings } = services;
    await applyMigrations({ url: settings.databaseUrl, folder: migrationsFolder });
    const imports = [
      SettingsModule.forRoot(settings),
      DatabaseModule.forRoot({ url: settings.databaseUrl, poolSize: 1 }),
      AuthModule,
    ];
    const app = await NestFactory.createApplicationContext(
      { module: CliModule, imports },
      { logger: false, abortOnError: false },
    );
    try {
      process.stdout.write(`${JSON.stringify(await act(app.get(TenancyService)), null, 2)}\n`);
    } finally {
      await app.close();
    }
  } finally {
    await services.stop();
  }
}

function name(value: string): string {
  if (value.trim() === '' || value.length > 200)
    throw new InvalidArgumentError('A name has 1 to 200 characters.');
  return value;
}

function time(value: string): Date {
  const date = parseTimestamp(/^\d+$/.test(value) ? Number(value) : value);
  if (!date)
    throw new InvalidArgumentError('Write Unix seconds or an RFC 3339 time such as 2030-01-01T00:00:00Z.');
  return date;
}

function limit(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 100)
    throw new InvalidArgumentError('A limit is 1 to 100.');
  return number;
}

interface PageOptions {
  limit: number;
  after?: string;
}

const slice = ({ limit: asked, after }: PageOptions): Slice => ({ after, take: asked + 1 });

const program = new Command('cerebro').description('Tenants and keys of Cerebro.').showHelpAfterError();

const paged = (command: Command): Command =>
  command
    .option('--limit <number>', 'how many to show', limit, 20)
    .option('--after <id>', 'show what follows this id');

const tenant = program.command('tenant').description('customers, the owners of keys');
tenant
  .command('create')
  .description('create a tenant')
  .argument('<name>', 'a name for people', name)
  .action((tenantName: string) =>
    run(async (tenancy) => toTenantObject(await tenancy.createTenant(tenantName))),
  );
paged(tenant.command('list').description('list the tenants')).action((options: PageOptions) =>
  run(async (tenancy) => toPage(await tenancy.listTenants(slice(options)), options.limit, toTenantObject)),
);

const key = program.command('key').description('credentials of tenants');
key
  .command('create')
  .description('create a key; it is shown this once')
  .requiredOption('--tenant <id>', 'whose key it is')
  .requiredOption('--name <name>', 'a name for people', name)
  .option('--expires-at <time>', 'when it stops working: Unix seconds or an RFC 3339 time', time)
  .addOption(
    new Option(
      '--unsupported-params <what>',
      'what becomes of parameters that a model cannot honour; without it, what holds for the gateway',
    ).choices(UNSUPPORTED_PARAMS),
  )
  .action((options: KeyOptions & { tenant: string }) =>
    run(async (tenancy) => toCreatedKeyObject(await tenancy.createKey(options.tenant, options))),
  );
paged(
  key.command('list').description('list the keys of a tenant').requiredOption('--tenant <id>', 'whose keys'),
).action((options: PageOptions & { tenant: string }) =>
  run(async (tenancy) =>
    toPage(await tenancy.listKeys(options.tenant, slice(options)), options.limit, toKeyObject),
  ),
);
key
  .command('revoke')
  .description('end a key for good')
  .argument('<id>', "the key's id, key_…")
  .action((id: string) => run(async (tenancy) => toKeyObject(await tenancy.revokeKeyById(id))));

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ApiError ? error.message : oneLine(error)}\n`);
  process.exit(1);
});
