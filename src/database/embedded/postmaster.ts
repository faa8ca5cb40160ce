// Finds the PostgreSQL server that runs on a cluster folder, from the `postmaster.pid` it keeps there.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { processIdentity } from './process-identity.js';
import { programEnvironment } from './run-as.js';

/** A live server on a cluster folder. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** `ready` takes connections; the others are on their way up or down. */
  readonly status: 'starting' | 'ready' | 'stopping';
}

/**
 * What `postmaster.pid` leads to: the live server; or, when that server is gone, the id it had if another
 * process has it now. PostgreSQL's own check would take that process for a server.
 */
export interface PostmasterSearch {
  readonly running?: Postmaster;
  readonly reusedPid?: number;
}

/** Looks for the server of a cluster folder; `cluster` must be the folder's real path. */
export async function findPostmaster(cluster: string): Promise<PostmasterSearch> {
  const file = await readPidFile(cluster);
  if (file === undefined || (await processIdentity(file.pid)) === undefined) return {};
  const command = await commandLine(file.pid);
  if (command === undefined) return {};
  return isServerOf(command, cluster) ? { running: file } : { reusedPid: file.pid };
}

/** Waits until a process has ended. Returns whether it has, after at most `milliseconds`. */
export async function waitForEnd(pid: number, milliseconds: number): Promise<boolean> {
  const identity = await processIdentity(pid);
  const giveUpAt = Date.now() + milliseconds;
  while (identity !== undefined && (await processIdentity(pid)) === identity) {
    if (Date.now() > giveUpAt) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

/**
 * The file's lines: pid, folder, start time, port, socket folder, address, shared memory key, status.
 * @see https://www.postgresql.org/docs/18/storage-file-layout.html
 */
async function readPidFile(cluster: string): Promise<Postmaster | undefined> {
  let content: string;
  try {
    content = await readFile(join(cluster, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const lines = content.split('\n');
  const status = lines[7]?.trim();
  return {
    pid: Math.abs(Number(lines[0])),
    port: Number(lines[3]),
    status: status === 'ready' || status === 'stopping' ? status : 'starting',
  };
}

/**
 * Whether a process is a server, and not of another cluster. Its command line tells, which every user may read:
 * its working folder would need more rights than root has in a container. A server's children are called `postgres: …`.
 */
function isServerOf([program = '', ...args]: readonly string[], cluster: string): boolean {
  const folder = args[args.indexOf('-D') + 1] ?? '';
  return basename(program) === 'postgres' && (folder === cluster || !isAbsolute(folder));
}

/** A process's program and arguments; on macOS the program alone. Undefined when it has ended meanwhile. */
async function commandLine(pid: number): Promise<string[] | undefined> {
  try {
    if (process.platform === 'linux') return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    const options = ['-o', 'comm=', '-p', String(pid)];
    return [(await promisify(execFile)('ps', options, { env: programEnvironment })).stdout.trim()];
  } catch (error) {
    if ((await processIdentity(pid)) === undefined) return undefined;
    throw error;
  }
}
