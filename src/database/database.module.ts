// Gives the database to the whole application. It starts nothing and migrates nothing: the roots do.
import { type DynamicModule, Module } from '@nestjs/common';
import { LiveSecrets } from '../config/live-secrets.service.js';
import { refusesLogin } from './database.client.js';
import { DatabaseHealth } from './database-health.service.js';
import { databaseOptions, type DatabaseOptions } from './database-options.js';
import { migrationNames, migrationsFolder } from './migration-files.js';
import { NodeLease } from './node-lease.service.js';
import { Notifications } from './notifications.service.js';
import { PrismaService } from './prisma.service.js';
import { TenantDatabase } from './tenant-database.js';

/**
 * Prisma's client and tenants' views of the database, this node's lease, notices between nodes and the database's
 * health, for every room.
 */
@Module({})
export class DatabaseModule {
  static forRoot(options: DatabaseOptions): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [
        {
          provide: databaseOptions,
          inject: [{ token: LiveSecrets, optional: true }],
          useFactory: (secrets?: LiveSecrets): DatabaseOptions => {
            secrets?.tryLoginsBy(refusesLogin);
            return {
              ...options,
              currentUrl: () => secrets?.get('databaseUrl') ?? options.url,
              onRefused: () => void secrets?.refused(),
            };
          },
        },
        PrismaService,
        TenantDatabase,
        NodeLease,
        Notifications,
        {
          provide: DatabaseHealth,
          inject: [databaseOptions],
          useFactory: async (access: DatabaseOptions) =>
            new DatabaseHealth(access, await migrationNames(migrationsFolder)),
        },
      ],
      exports: [databaseOptions, PrismaService, TenantDatabase, NodeLease, Notifications, DatabaseHealth],
    };
  }
}
