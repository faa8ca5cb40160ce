// Starts one PostgreSQL server for the whole run, with a migrated template database to copy from.
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openEmbeddedDatabase } from '../../src/database/embedded/embedded-database.js';
import { lockHolder } from '../../src/database/embedded/folder-lock.js';
import { stopServer } from '../../src/database/embedded/server.js';
import { migrationsFolder } from '../../src/database/migration-files.js';
import { applyMigrations } from '../../src/database/migrations.js';
import { execute, templateDatabase, withDatabase } from './postgres.js';

const prefix = 'cerebro-test-';

/** One of the secrets that no gateway may write down. */
const PASSWORD = 'canary-database-password-4711';

/** A power cut may lose test data; who cleans up in the background keeps databases from being dropped. */
const fast = {
  autovacuum: 'off',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
};

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeAbandoned();
  const dataDir = await mkdtemp(join(tmpdir(), prefix));
  const database = await openEmbeddedDatabase({ dataDir, password: PASSWORD, owner: true, settings: fast });
  await execute(database.url, `CREATE DATABASE ${templateDatabase}`);
  await applyMigrations({ url: withDatabase(database.url, templateDatabase), folder: migrationsFolder });
  project.provide('postgresUrl', database.url);
  return async () => {
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}

/** Ends and removes what a killed run of this user left. */
async function removeAbandoned(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(prefix));
  for (const folder of names.map((name) => join(tmpdir(), name))) {
    // A run that ends just now removes its folder under our eyes.
    const owner = await stat(folder).catch(() => undefined);
    const lock = join(folder, 'gateway.lock');
    if (owner?.uid !== process.getuid?.() || !existsSync(lock) || (await lockHolder(lock))) continue;
    await stopServer(join(folder, 'postgres'));
    await rm(folder, { recursive: true, force: true });
  }
}
