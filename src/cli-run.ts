// How a command runs: on the database that a gateway started here would use.
import { userInfo } from 'node:os';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuditModule } from './audit/audit.module.js';
import { SettingsModule } from './config/config.module.js';
import { loadSettings } from './config/environment.js';
import { DatabaseModule } from './database/database.module.js';
import { migrationsFolder } from './database/migration-files.js';
import { applyMigrations } from './database/migrations.js';
import { startLocalServices } from './local-services.js';
import { Telemetry } from './telemetry/telemetry.js';
import { TelemetryModule } from './telemetry/telemetry.module.js';
import { localManager, type Manager } from './tenancy/manager.js';
import { TenancyModule } from './tenancy/tenancy.module.js';

@Module({})
class CliModule {}

/** What a command does: with the application's services, as whoever has started it. */
export type Act = (app: INestApplicationContext, manager: Manager) => Promise<object>;

/** Runs a command, and prints what it gives. */
export async function run(act: Act): Promise<void> {
  const services = await startLocalServices(await loadSettings('command'), { role: 'command' });
  try {
    const { settings } = services;
    await applyMigrations({ url: settings.databaseUrl, folder: migrationsFolder });
    const imports = [
      SettingsModule.forRoot(settings),
      DatabaseModule.forRoot({ url: settings.databaseUrl, poolSize: 1 }),
      TelemetryModule.forRoot(new Telemetry()),
      AuditModule,
      TenancyModule,
    ];
    const app = await NestFactory.createApplicationContext(
      { module: CliModule, imports },
      { logger: false, abortOnError: false },
    );
    try {
      const manager = localManager({ kind: 'cli', id: userName() });
      process.stdout.write(`${JSON.stringify(await act(app, manager), null, 2)}\n`);
    } finally {
      await app.close();
    }
  } finally {
    await services.stop();
  }
}

/** Who has started this, by the system's name or number for them: in a container a user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
