// Prisma's client on a pool that gives up in time: no caller waits on a database that does not answer.
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './client/client.js';
import { databaseOptions, type DatabaseOptions } from './database-options.js';

/** Limits in milliseconds. The server ends a statement first; ours is for a server that has gone silent. */
const limits = {
  // Also the wait for a connection of a pool that is in use: callers are told soon.
  connectionTimeoutMillis: 900,
  statement_timeout: 5000,
  query_timeout: 6000,
  idle_in_transaction_session_timeout: 10_000,
  idleTimeoutMillis: 30_000,
};

/** The gateway's database. Connects at the first query, and closes when the application has stopped serving. */
@Injectable()
export class PrismaService extends PrismaClient implements OnApplicationShutdown {
  constructor(@Inject(databaseOptions) { url, poolSize }: DatabaseOptions) {
    const logger = new Logger('Database');
    // Without these an idle connection that the server cuts would end the process. The next query opens a new one.
    const onPoolError = (error: Error): void =>
      logger.warn(`A database connection was lost: ${error.message}`);
    super({
      adapter: new PrismaPg(
        { connectionString: url, max: poolSize, application_name: 'cerebro', keepAlive: true, ...limits },
        { onPoolError, onConnectionError: onPoolError },
      ),
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.$disconnect();
  }
}
