// Whether this node's database can be used. Asks on a connection of its own: a pool that is merely busy must
// not look like a dead database, or a load peak would take every node out of service.
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { databaseClient } from './database.client.js';
import type { DatabaseAccess } from './database-options.js';
import { readinessOf } from './migration-state.js';

/**
 * `migrations_pending`: it answers, but lacks migrations that this version of Cerebro brings. `read-only`: it is a
 * standby, or was made read-only.
 */
export type DatabaseState = 'ok' | 'down' | 'migrations_pending' | 'read-only';

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
    access: DatabaseAccess,
    private readonly migrations: readonly string[],
  ) {
    this.pool = new pg.Pool({
      Client: databaseClient(access),
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
      const { isReadOnly, pending } = await readinessOf(this.pool, this.migrations);
      const [state, reason] = stateOf(isReadOnly, pending);
      this.noteReason(reason);
      return state;
    } catch (error) {
      this.noteReason(error instanceof Error ? error.message : String(error));
      return 'down';
    }
  }

  /** Probes come every few seconds: a reason, and its end, are logged once, not with each of them. */
  private noteReason(reason: string | undefined): void {
    if (reason !== undefined && reason !== this.lastReason)
      this.logger.warn(`The database is not ready: ${reason}`);
    if (reason === undefined && this.lastReason !== undefined) this.logger.log('The database is ready again');
    this.lastReason = reason;
  }
}

function stateOf(isReadOnly: boolean, pending: readonly string[]): [DatabaseState, string?] {
  if (isReadOnly) return ['read-only', 'it can only be read'];
  if (pending.length > 0) return ['migrations_pending', `it lacks the migrations ${pending.join(', ')}`];
  return ['ok'];
}
