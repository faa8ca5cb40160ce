// The data folder itself: made, entered, and laid out.
import { chmod, mkdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isRoot } from './run-as.js';

/** Paths in a data folder. */
export interface DataFolder {
  /** Real, absolute path. */
  readonly path: string;
  /** Real path of the database's own folder, `postgres`. */
  readonly cluster: string;
  readonly serverLog: string;
  readonly gatewayLock: string;
}

/**
 * Makes sure that the data folder exists and can be written. Where it is made here, nobody else can read it.
 * Under root others may pass through it, not list it: PostgreSQL runs as another user, below it.
 * @throws NodeJS.ErrnoException of the file system.
 */
export async function openDataFolder(dataDir: string): Promise<DataFolder> {
  const wanted = resolve(dataDir);
  await mkdir(dirname(wanted), { recursive: true });
  const made = await mkdir(wanted, { mode: 0o700 }).then(() => true, existsAlready);
  const path = await realpath(wanted);
  if (isRoot()) await letOthersPass(path);
  if (!made) await tryWriting(path);
  return {
    path,
    cluster: await realPathOf(join(path, 'postgres')),
    serverLog: join(path, 'postgres.log'),
    gatewayLock: join(path, 'gateway.lock'),
  };
}

/** The cluster may be a link to another disk, and the server goes by real paths. */
async function realPathOf(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return file;
    throw error;
  }
}

function existsAlready(error: unknown): false {
  if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
  throw error;
}

async function letOthersPass(folder: string): Promise<void> {
  const { mode } = await stat(folder);
  if ((mode & 0o111) !== 0o111) await chmod(folder, (mode & 0o7777) | 0o111);
}

async function tryWriting(folder: string): Promise<void> {
  const probe = join(folder, `.write-test.${process.pid}`);
  try {
    await writeFile(probe, '');
    await rm(probe, { force: true });
  } catch (error) {
    throw Object.assign(error as NodeJS.ErrnoException, { path: folder });
  }
}
