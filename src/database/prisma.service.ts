// Prisma's client on a pool that gives up in time: no caller waits on a database that does not answer.
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './client/client.js';
import { databaseClient } from './database.client.js';
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
  private readonly pool: pg.Pool;

  constructor(@Inject(databaseOptions) { poolSize, ...access }: DatabaseOptions) {
    const pool = new pg.Pool({
      Client: databaseClient(access),
      max: poolSize,
      application_name: 'cerebro',
      keepAlive: true,
      ...limits,
    });
    const logger = new Logger('Database');
    // Without it an idle connection that the server cuts would end the process. The next query opens a new one.
    const onLost = (error: Error): void => logger.warn(`A database connection was lost: ${error.message}`);
    pool.on('error', onLost);
    super({ adapter: new PrismaPg(pool, { onConnectionError: onLost }) });
    this.pool = pool;
  }

  /**
   * Runs a statement on the same connections, as `$queryRaw` does, but past Prisma, whose own part takes half a
   * millisecond: for the statements on the way of every request. Values become parameters. Columns come as the driver
   * has them, `bigint` as text.
   */
  async direct<Row extends object>(text: TemplateStringsArray, ...values: unknown[]): Promise<Row[]> {
    const numbered = text.reduce((sum, part, index) => `${sum}$${index}${part}`);
    const { rows } = await this.pool.query<Row>(numbered, values);
    return rows;
  }

  /** The connections of this node, and who waits for one. */
  get connections(): { readonly total: number; readonly idle: number; readonly waiting: number } {
    const { totalCount: total, idleCount: idle, waitingCount: waiting } = this.pool;
    return { total, idle, waiting };
  }

  /** For good: the connections are closed, and there will be no others. */
  override async $disconnect(): Promise<void> {
    await super.$disconnect();
    if (!this.pool.ending) await this.pool.end();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.$disconnect();
  }
}
