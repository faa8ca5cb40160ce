// Whether this node's database can be used. Asks on a connection of its own: a pool that is merely busy must
// not look like a dead database, or a load peak would take every node out of service.
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import type { DatabaseOptions } from './database-options.js';
import { pendingOf } from './migration-state.js';

/** `migrations_pending`: it answers, but lacks migrations that this version of Cerebro brings. */
export type DatabaseState = 'ok' | 'down' | 'migrations_pending';

/** Longest time an answer may take, in milliseconds. */
const limit = 1000;

/** Looks after the database for the readiness probe. */
export class DatabaseHealth implements OnApplicationShutdown {
  private readonly logger = new Logger('Database');
  private readonly pool: pg.Pool;
  private running: Promise<DatabaseState> | undefined;
  private lastReason: string | undefined;

  /** @param migrations Names of the migrations that the database must have. */
  constructor(
    { url }: Pick<DatabaseOptions, 'url'>,
    private readonly migrations: readonly string[],
  ) {
    this.pool = new pg.Pool({
      connectionString: url,
      max: 1,
      connectionTimeoutMillis: limit,
      query_timeout: limit,
      application_name: 'cerebro-health',
    });
    this.pool.on('error', (error) => this.noteReason(error.message));
  }

  /** The state now, within a second; never throws. Calls at the same time share one question to the database. */
  check(): Promise<DatabaseState> {
    return (this.running ??= this.withinLimit().finally(() => (this.running = undefined)));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  private async withinLimit(): Promise<DatabaseState> {
    const tooLate = Promise.withResolvers<DatabaseState>();
    const timer = setTimeout(() => {
      this.noteReason(`no answer within ${limit} ms`);
      tooLate.resolve('down');
    }, limit);
    try {
      return await Promise.race([this.ask(), tooLate.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async ask(): Promise<DatabaseState> {
    try {
      const pending = await pendingOf(this.pool, this.migrations);
      this.noteReason(pending.length === 0 ? undefined : `it lacks the migrations ${pending.join(', ')}`);
      return pending.length === 0 ? 'ok' : 'migrations_pending';
    } catch (error) {
      this.noteReason(error instanceof Error ? error.message : String(error));
      return 'down';
    }
  }

  /** Probes come every few seconds: a reason is logged once, not with each of them. */
  private noteReason(reason: string | undefined): void {
    if (reason !== undefined && reason !== this.lastReason)
      this.logger.warn(`The database is not ready: ${reason}`);
    this.lastReason = reason;
  }
}
