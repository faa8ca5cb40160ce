// A PostgreSQL server for one spec file, whose password can be changed: that of the run's server is everybody's.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedDatabase } from '../../src/database/embedded/embedded-database.js';
import { execute } from './postgres.js';

/** A running server. */
export interface OwnServer {
  /** A connection string with another password than the right one; without one, with the right one. */
  url(password?: string): string;
  /** Changes the password, as a rotation does. */
  setPassword(password: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server with an empty database. */
export async function startOwnServer(): Promise<OwnServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'cerebro-own-server-'));
  let password = 'first-password';
  const database = await openEmbeddedDatabase({ dataDir, password, owner: true, settings: { fsync: 'off' } });
  const url = (given = password): string => {
    const address = new URL(database.url);
    address.password = given;
    return address.href;
  };
  return {
    url,
    setPassword: async (next) => {
      await execute(url(), `ALTER ROLE cerebro PASSWORD '${next}'`);
      password = next;
    },
    stop: async () => {
      await database.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
