// Databases for tests, on the one PostgreSQL server that global-setup.ts starts for the whole run.
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { withSession } from '../../src/database/migrations.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Connection string of the run's PostgreSQL server; its role may create databases. */
    postgresUrl: string;
  }
}

/** Name of the database that has every migration and no rows; nobody may stay connected to it. */
export const templateDatabase = 'cerebro_template';

/** A database of one spec file. */
export interface TestDatabase {
  readonly url: string;
  /** Drops the database, also under open connections. */
  drop(): Promise<void>;
}

/** Makes a fresh database: with every migration applied, or empty. */
export async function createTestDatabase({ empty = false } = {}): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const template = empty ? 'template0' : templateDatabase;
  await execute(server, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  return {
    url: withDatabase(server, name),
    drop: () => execute(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** The same server and role, another database. */
export function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/** Runs one SQL statement on a connection of its own. */
export async function execute(url: string, sql: string): Promise<void> {
  await withSession(url, (session) => session.query(sql));
}
