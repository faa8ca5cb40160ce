// The driver's client, which connects as whoever may connect at that time. Passwords change while a gateway runs.
import pg from 'pg';
import type { DatabaseAccess } from './database-options.js';

/**
 * PostgreSQL: a wrong password, and a user who may not connect.
 * @see https://www.postgresql.org/docs/18/errcodes-appendix.html
 */
const REFUSALS = new Set(['28P01', '28000']);

type Connected = ((error: Error) => void) | ((error: null, client: pg.Client) => void);

/** How long a trial of a login may take, in milliseconds. */
const TRIAL_LIMIT = 2000;

/** Whether PostgreSQL refuses this user or password. A server that cannot be reached, or says nothing, does not. */
export async function refusesLogin(url: string): Promise<boolean> {
  const session = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: TRIAL_LIMIT,
    application_name: 'cerebro-login',
  });
  // One that breaks later is of no interest.
  session.on('error', () => undefined);
  try {
    await session.connect();
    return false;
  } catch (error) {
    return isRefusal(error);
  } finally {
    void session.end().catch(() => undefined);
  }
}

function isRefusal(error: unknown): boolean {
  return REFUSALS.has(String((error as { code?: unknown } | null)?.code));
}

/** A class of clients for this database, also for the pools of the driver. */
export function databaseClient({ url, currentUrl, onRefused }: DatabaseAccess) {
  return class DatabaseClient extends pg.Client {
    constructor(options: pg.ClientConfig = {}) {
      super({ ...options, connectionString: currentUrl?.() ?? url });
    }

    override connect(): Promise<pg.Client>;
    override connect(callback: Connected): void;
    override connect(callback?: Connected): Promise<pg.Client> | undefined {
      const connected = Promise.withResolvers<pg.Client>();
      super.connect((error: Error | null, client?: pg.Client) => {
        if (isRefusal(error)) onRefused?.();
        if (callback) (callback as (error: Error | null, client?: pg.Client) => void)(error, client);
        else if (error) connected.reject(error);
        else connected.resolve(this);
      });
      return callback ? undefined : connected.promise;
    }
  };
}
