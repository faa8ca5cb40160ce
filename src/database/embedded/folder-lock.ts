// The file that says which Cerebro owns a data folder. It guards against a second gateway on the same
// folder; PostgreSQL itself guards the database files.
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataFolderError } from './errors.js';
import { isStillRunning, processIdentity } from './process-identity.js';

/** A gateway holds the lock while it runs; a command only while it stops the server it had started. */
export type LockRole = 'gateway' | 'command';

/** The live holder of a lock. */
export interface LockHolder {
  readonly pid: number;
  readonly role: LockRole;
}

/** A lock held by this process. */
export interface FolderLock {
  release(): Promise<void>;
}

/** Longest wait for a command to stop the server, for another to finish writing its lock, or discarding one. */
const patience = { command: 15_000, unfinished: 1000, guard: 5000 };

/**
 * Takes the lock file, also from a holder that has died.
 * @throws DataFolderError when a live process holds it.
 */
export async function lockFolder(file: string, dataDir: string, role: LockRole): Promise<FolderLock> {
  const content = `${process.pid}\n${role}\n${await processIdentity(process.pid)}\n`;
  const giveUpAt = Date.now() + patience.command;
  while (!(await createExclusively(file, content))) {
    const holder = await lockHolder(file);
    if (holder === undefined) continue;
    if (holder.role === 'gateway' || Date.now() > giveUpAt) throw inUse(dataDir, holder.pid);
    await sleep(20);
  }
  return { release: () => rm(file, { force: true }) };
}

/** The live holder of a lock file; undefined when there is none. What a dead one left behind is removed. */
export async function lockHolder(file: string): Promise<LockHolder | undefined> {
  const content = await readComplete(file);
  if (content === undefined) return undefined;
  const [pid, role, identity] = content.split('\n');
  const named = identity ?? pid ?? '';
  if (await isStillRunning(named)) return { pid: Number(pid), role: role === 'command' ? role : 'gateway' };
  await discard(file, content);
  return undefined;
}

async function createExclusively(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Reads a lock file; one that was just created is still being written, so an incomplete one gets a moment. */
async function readComplete(file: string): Promise<string | undefined> {
  const giveUpAt = Date.now() + patience.unfinished;
  for (;;) {
    const content = await readOptional(file);
    if (content === undefined || content.endsWith('\n') || Date.now() > giveUpAt) return content;
    await sleep(20);
  }
}

/**
 * Removes a dead holder's file. One process at a time does that, and looks once more before: the file may be a living
 * one's by now, who has just done the same.
 */
async function discard(file: string, content: string): Promise<void> {
  const guard = `${file}.discarding`;
  if (!(await createExclusively(guard, ''))) return removeIfForgotten(guard);
  try {
    if ((await readOptional(file)) === content) await rm(file, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

/** Whoever made the guard needs it for moments; one that stays was left by a process that died just then. */
async function removeIfForgotten(guard: string): Promise<void> {
  const made = await stat(guard).catch(() => undefined);
  if (made && Date.now() - made.mtimeMs > patience.guard) await rm(guard, { force: true });
  await sleep(5);
}

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function inUse(dataDir: string, pid: number): DataFolderError {
  return new DataFolderError(
    `The data folder ${dataDir} is in use by another Cerebro (pid ${pid}); stop that one, or set CEREBRO_DATA_DIR to another folder.`,
  );
}
