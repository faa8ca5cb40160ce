// Makes the folder that holds the database ("cluster"), with role and database, or not at all: everything
// happens in a folder beside it, which gets its name when it is complete and on disk.
import { chown, mkdtemp, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DataFolderError } from './errors.js';
import type { PostgresBinaries } from './binaries.js';
import { isStillRunning, processIdentity } from './process-identity.js';
import { finish, type Account, type Runner } from './run-as.js';
import { fatalMessage } from './server-log.js';

/** Name of the role, and of its database. */
export const roleName = 'cerebro';

/** File in a cluster whose role may make roles, as the one that holds tenants apart. */
const rightsMark = 'cerebro.rights';

/** What is needed to make a cluster. */
export interface ClusterPlan {
  readonly dataDir: string;
  /** The folder to make, directly in `dataDir`. */
  readonly cluster: string;
  readonly password: string;
  readonly binaries: PostgresBinaries;
  readonly run: Runner;
  readonly account: Account | undefined;
  /** Whether to wait until the files are on disk. Costs 0.15 s, and saves a damaged first database after a power cut. */
  readonly durable: boolean;
}

/**
 * Makes the cluster. When another process makes the same one meanwhile, the first to finish wins.
 * @throws DataFolderError with what `initdb` said.
 */
export async function createCluster(plan: ClusterPlan): Promise<void> {
  await removeAbandoned(plan.dataDir);
  const prefix = `${basename(plan.cluster)}.new.${await processIdentity(process.pid)}.`;
  const unfinished = await mkdtemp(join(plan.dataDir, prefix));
  try {
    if (plan.account !== undefined) await chown(unfinished, plan.account.uid, plan.account.gid);
    await initialise(unfinished, plan);
    await moveIntoPlace(unfinished, plan);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Removes what a process left that was killed while it made a cluster. */
async function removeAbandoned(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    const maker = /\.new\.(\d+(?:-\d+)?)\.\w+$/.exec(name)?.[1];
    if (maker === undefined || (await isStillRunning(maker))) continue;
    // Its initdb may still be at work in it.
    await rm(join(dataDir, name), { recursive: true, force: true, maxRetries: 10 });
  }
}

/**
 * Gives the role of a cluster that an earlier version has made what later migrations need. Once for each cluster; no
 * server may run on it.
 * @throws DataFolderError with what PostgreSQL said.
 */
export async function completeRights(plan: ClusterPlan): Promise<void> {
  const mark = join(plan.cluster, rightsMark);
  if (await exists(mark)) return;
  await singleUser(plan.cluster, plan, [`ALTER ROLE ${roleName} CREATEROLE;`]);
  await writeFile(mark, '');
}

async function initialise(folder: string, plan: ClusterPlan): Promise<void> {
  const { binaries, durable } = plan;
  // PostgreSQL's own C.UTF-8 sorts alike on every system, whatever locales that has. Waiting for the disk
  // comes once, at the end.
  await complete(plan, binaries.initdb, [
    ...['-D', folder, '--username=postgres', '--encoding=UTF8', '--locale=C'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    ...['--auth=reject', '--no-sync', '--no-instructions'],
  ]);
  // Nobody but the role may connect: the superuser has no password, so none lies on disk, not even for a moment.
  await writeFile(join(folder, 'pg_hba.conf'), `host all ${roleName} 127.0.0.1/32 scram-sha-256\n`);
  await singleUser(folder, plan, firstStatements(plan.password), ['-F']);
  await writeFile(join(folder, rightsMark), '');
  if (durable) await complete(plan, binaries.initdb, ['-D', folder, '--sync-only']);
}

/** Runs statements as the superuser, to whom no connection leads. */
function singleUser(
  folder: string,
  plan: ClusterPlan,
  statements: readonly string[],
  options: readonly string[] = [],
): Promise<void> {
  const program = ['--single', '-D', folder, ...options, '-c', 'exit_on_error=on', 'postgres'];
  // One statement per line, as single-user mode reads them.
  return complete(plan, plan.binaries.postgres, program, statements.map((line) => `${line}\n`).join(''));
}

async function complete(
  { run, cluster }: ClusterPlan,
  program: string,
  args: readonly string[],
  input = '',
): Promise<void> {
  const child = run(program, args, { stdio: 'pipe' });
  // A program that ends without reading its input tells why by its exit code.
  child.stdin?.on('error', () => undefined).end(input);
  const { code, errors } = await finish(child);
  if (code !== 0) throw refusal(cluster, errors);
}

function firstStatements(password: string): string[] {
  if (/[\n\0]/.test(password)) throw new TypeError('The database password must be one line.');
  const literal = `'${password.replaceAll("'", "''")}'`;
  return [
    `CREATE ROLE ${roleName} LOGIN CREATEDB CREATEROLE PASSWORD ${literal};`,
    `CREATE DATABASE ${roleName} OWNER ${roleName};`,
  ];
}

async function moveIntoPlace(unfinished: string, { cluster, dataDir, durable }: ClusterPlan): Promise<void> {
  try {
    await rename(unfinished, cluster);
  } catch (error) {
    if (await isCluster(cluster)) return;
    throw error;
  }
  if (!durable) return;
  const folder = await open(dataDir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Whether a folder is a complete cluster. */
export function isCluster(folder: string): Promise<boolean> {
  return exists(join(folder, 'PG_VERSION'));
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function refusal(cluster: string, errors: string): Error {
  if (/error while loading shared libraries|Library not loaded/.test(errors)) {
    return new DataFolderError(
      `The embedded PostgreSQL misses its libraries: run 'npm ci' without --ignore-scripts, or set DATABASE_URL. (${fatalMessage(errors)})`,
    );
  }
  return new DataFolderError(`The database could not be made in ${cluster}: ${fatalMessage(errors)}.`);
}
