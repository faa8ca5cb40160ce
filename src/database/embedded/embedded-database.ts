// A real PostgreSQL in the data folder, for those who bring none: found running, started, or made first.
import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { loadBinaries } from './binaries.js';
import { completeRights, createCluster, isCluster } from './cluster.js';
import { openDataFolder, type DataFolder } from './data-folder.js';
import { DataFolderError, explainFileError } from './errors.js';
import { lockFolder, type FolderLock } from './folder-lock.js';
import { isRoot, postgresAccount, programEnvironment, runnerFor, type Account } from './run-as.js';
import { runningServer, startServer, stopServer, type FoundServer } from './server.js';
import type { ServerSettings } from './server-start.js';
import { databaseUrl, isServerGone, visit, type Visit } from './sessions.js';
import { stopAsCommand } from './stop-as-command.js';

/** A running embedded database. */
export interface EmbeddedDatabase {
  /** Connection string of the role `cerebro`, with its password. */
  readonly url: string;
  /** Whether the server was running already: left by a gateway that was killed, or started by another process. */
  readonly adopted: boolean;
  /** Whether the server still runs. Nobody but its operator ends it behind our back. */
  isRunning(): Promise<boolean>;
  /**
   * Owner: stops the server and gives the data folder free. Otherwise: stops the server only if it was started here and
   * no gateway has taken it over. Close your own connections first. Later calls wait for the first.
   */
  stop(): Promise<void>;
}

/** Where the database lives and who opens it. */
export interface EmbeddedDatabaseOptions {
  /** Folder for the cluster (`postgres`), its log and the lock; made when missing. */
  readonly dataDir: string;
  /** Password of the role `cerebro`; one line, always the same for one folder. */
  readonly password: string;
  /** True for the gateway, of which a data folder serves one; false for a command beside it. */
  readonly owner: boolean;
  /** More PostgreSQL settings; `fsync: 'off'`, for tests, also makes the first start faster. */
  readonly settings?: ServerSettings;
}

/**
 * Opens the database of a data folder; makes it at the first time.
 * @throws DataFolderError when the folder cannot be used, or another gateway uses it.
 * @throws EmbeddedPostgresMissingError when a server has to be started and there is no PostgreSQL for this machine.
 */
export async function openEmbeddedDatabase(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  let lock: FolderLock | undefined;
  try {
    const folder = await openDataFolder(options.dataDir);
    if (options.owner) lock = await lockFolder(folder.gatewayLock, folder.path, 'gateway');
    const { found, url, session } = await enter(folder, options);
    // A command stays connected: whoever started the server waits with stopping it until nobody is.
    if (lock) await session.end();
    return handle(folder, found, url, lock ?? session);
  } catch (error) {
    await lock?.release();
    throw explainFileError(error, resolve(options.dataDir));
  }
}

interface Entered {
  readonly found: FoundServer;
  readonly url: string;
  readonly session: Visit;
}

/** Finds or starts the server, and connects to it. One that another command stops just then is started anew. */
async function enter(folder: DataFolder, options: EmbeddedDatabaseOptions): Promise<Entered> {
  for (let attempt = 1; ; attempt++) {
    const found = await findOrStart(folder, options);
    const url = databaseUrl(found.server.port, options.password);
    try {
      return { found, url, session: await visit(url, folder.path) };
    } catch (error) {
      if (!found.adopted) await stopServer(folder.cluster);
      else if (isServerGone(error) && attempt < MAX_ENTRIES) {
        await sleep(50);
        continue;
      }
      throw error;
    }
  }
}

/** How often a server that stops as we come is tried again. */
const MAX_ENTRIES = 100;

function handle(
  folder: DataFolder,
  found: FoundServer,
  url: string,
  held: FolderLock | Visit,
): EmbeddedDatabase {
  const stop = async (): Promise<void> => {
    if ('release' in held) {
      await stopServer(folder.cluster);
      return held.release();
    }
    await held.end();
    if (!found.adopted) await stopAsCommand(folder, url);
  };
  let stopped: Promise<void> | undefined;
  return {
    url,
    adopted: found.adopted,
    isRunning: async () => (await runningServer(folder.cluster)) !== undefined,
    stop: () => (stopped ??= stop()),
  };
}

async function findOrStart(folder: DataFolder, options: EmbeddedDatabaseOptions): Promise<FoundServer> {
  const server = await runningServer(folder.cluster);
  if (server !== undefined) return { server, adopted: true };
  const { cluster, path: dataDir, serverLog: log } = folder;
  const binaries = await loadBinaries();
  const exists = await hasCluster(cluster);
  const account = isRoot() ? await accountFor(cluster, exists) : undefined;
  const run = await runnerFor(account, [dirname(cluster), dirname(binaries.postgres)]);
  const settings = options.settings ?? {};
  const durable = settings.fsync !== 'off';
  const plan = { dataDir, cluster, password: options.password, binaries, run, account, durable };
  await (exists ? completeRights(plan) : createCluster(plan));
  return startServer({ cluster, log, binaries, run, settings });
}

/** A folder that holds something else is not ours to overwrite. */
async function hasCluster(cluster: string): Promise<boolean> {
  if (await isCluster(cluster)) return true;
  const entries = await readdir(cluster).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  if (entries.length === 0) return false;
  throw new DataFolderError(
    `${cluster} holds no complete PostgreSQL database (PG_VERSION is missing): restore a backup, or move the folder away to begin with an empty one.`,
  );
}

/** Under root: the cluster's owner, so that a folder begun as another user stays that user's. */
async function accountFor(cluster: string, exists: boolean): Promise<Account> {
  if (!exists) return postgresAccount();
  const { uid, gid } = await stat(cluster);
  if (uid !== 0) return { uid, gid };
  const account = await postgresAccount();
  await promisify(execFile)('chown', ['-R', `${account.uid}:${account.gid}`, cluster], {
    env: programEnvironment,
  });
  return account;
}
