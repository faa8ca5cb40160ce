// Connections to the embedded database, for its own keeping only.
import pg from 'pg';
import { DataFolderError } from './errors.js';
import { roleName } from './cluster.js';

/** Connection string of the embedded role. */
export function databaseUrl(port: number, password: string): string {
  return `postgresql://${roleName}:${encodeURIComponent(password)}@127.0.0.1:${port}/${roleName}`;
}

/** A connection that is kept open so that others see that the server is in use. */
export interface Visit {
  end(): Promise<void>;
}

/**
 * Connects to the server, and so makes sure that it takes our password.
 * @throws DataFolderError when it does not: the folder's secrets and its database do not belong together.
 */
export async function visit(url: string, dataDir: string): Promise<Visit> {
  const client = newClient(url);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    if ((error as { code?: unknown }).code !== '28P01') throw error;
    throw new DataFolderError(
      `The database in ${dataDir} has another password than the one kept beside it: restore the folder's secrets, or move it away to begin anew.`,
      { cause: error },
    );
  }
}

/** Whether a connection failed because the server was on its way down, or gone. */
export function isServerGone(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return (
    ['ECONNREFUSED', 'ECONNRESET', '57P01', '57P02', '57P03'].includes(code ?? '') ||
    message === 'Connection terminated unexpectedly'
  );
}

/** How many others are connected to the server at this moment. */
export async function otherSessions(url: string): Promise<number> {
  const { rows } = await withClient(url, (client) =>
    client.query<{ others: number }>(
      "SELECT count(*)::int AS others FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    ),
  );
  return rows[0]?.others ?? 0;
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = newClient(url);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
}

function newClient(url: string): pg.Client {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // A connection that breaks also rejects the query under way, which is where it is handled.
  client.on('error', () => undefined);
  return client;
}
