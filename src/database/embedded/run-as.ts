// As which operating system user PostgreSQL's programs run, and how. PostgreSQL refuses to run as root, so
// under root they run as the cluster's owner or as the user `postgres`, which is created where it is missing.
import { execFile, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { DataFolderError } from './errors.js';

const exec = promisify(execFile);

/** Nothing of our own environment: it holds secrets, and PG… variables would steer the programs. */
export const programEnvironment = { LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } as const;

/** A user and group id. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Starts a program as the user chosen for PostgreSQL. */
export type Runner = (
  program: string,
  args: readonly string[],
  options: { stdio: StdioOptions; detached?: boolean; env?: Readonly<Record<string, string>> },
) => ChildProcess;

/** Whether this process is root, which PostgreSQL must not be. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The user `postgres`, created first where the system has none. For root only.
 * @throws DataFolderError when there is none and it cannot be created.
 */
export async function postgresAccount(): Promise<Account> {
  const found = await lookUp('postgres').catch(() => undefined);
  if (found !== undefined) return found;
  const failure = await createUser('postgres').catch((error: unknown) => error);
  // A failure counts only if the user is still missing: another process may have been faster.
  return lookUp('postgres').catch((error: unknown) => explainUser(failure ?? error));
}

async function createUser(name: string): Promise<void> {
  await exec('groupadd', ['--force', '--system', name], { env: programEnvironment });
  await exec('useradd', ['--system', '--no-create-home', '--gid', name, name], { env: programEnvironment });
}

async function lookUp(name: string): Promise<Account> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) =>
      Number((await exec('id', [flag, name], { env: programEnvironment })).stdout),
    ),
  );
  if (uid === undefined || gid === undefined) throw new Error(`The user ${name} has no ids.`);
  return { uid, gid };
}

function explainUser(error: unknown): never {
  throw new DataFolderError(
    "Cerebro runs as root, and PostgreSQL refuses to; the user 'postgres' to run it as is missing and could not be created. " +
      'Run Cerebro as another user, or set DATABASE_URL.',
    { cause: error },
  );
}

/**
 * How to start programs as `account`, or as ourselves when there is none.
 * @param folders What the account must be able to enter: the data folder and the programs' folder.
 * @throws DataFolderError naming the folder that the account may not enter.
 */
export async function runnerFor(account: Account | undefined, folders: readonly string[]): Promise<Runner> {
  if (account === undefined) return plainRunner();
  const plain = plainRunner(account);
  const closed = await firstClosed(plain, folders).catch(explainSwitch);
  if (closed === undefined) return plain;
  for (const capability of ['dac_read_search', 'dac_override']) {
    const passing = capableRunner(account, capability);
    if ((await firstClosed(passing, folders)) === undefined) return passing;
  }
  throw new DataFolderError(
    `Cerebro runs as root, and PostgreSQL refuses to: it runs as user ${account.uid}, who may not enter ${closed}. ` +
      `Allow that (chmod o+x ${closed}), use folders elsewhere, run Cerebro as another user, or set DATABASE_URL.`,
  );
}

function explainSwitch(error: unknown): never {
  throw new DataFolderError(
    'Cerebro runs as root, and PostgreSQL refuses to; running it as another user was not permitted. ' +
      'Run Cerebro as another user, or set DATABASE_URL.',
    { cause: error },
  );
}

function plainRunner(account?: Account): Runner {
  return (program, args, { env, ...options }) =>
    spawn(program, args, { ...options, ...account, cwd: '/', env: { ...programEnvironment, ...env } });
}

/**
 * For a data folder or installation below a closed folder such as /root: the account keeps of root's powers
 * only the one to pass through folders. access(2), with which PostgreSQL looks at its own programs, heeds
 * capabilities only under `no_setuid_fixup`.
 */
function capableRunner({ uid, gid }: Account, capability: string): Runner {
  const prefix = [
    ...[`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'],
    ...[`--inh-caps=+${capability}`, `--ambient-caps=+${capability}`, '--securebits=+no_setuid_fixup', '--'],
  ];
  const plain = plainRunner();
  return (program, args, options) => plain('setpriv', [...prefix, program, ...args], options);
}

/** The topmost folder on the way to `folders` that a runner's programs may not enter; `/` when they cannot run at all. */
async function firstClosed(run: Runner, folders: readonly string[]): Promise<string | undefined> {
  const script = 'for f; do [ -x "$f" ] || { printf %s "$f"; exit 1; }; done';
  const onTheWay = folders.flatMap((folder) => ancestors(folder));
  const { code, output } = await finish(run('/bin/sh', ['-c', script, 'sh', ...onTheWay], { stdio: 'pipe' }));
  return code === 0 ? undefined : output === '' ? '/' : output;
}

function ancestors(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [...ancestors(parent), folder];
}

/** Waits for a started program's end. `output` is what it wrote to its standard output, `errors` the other one. */
export async function finish(
  child: ChildProcess,
): Promise<{ code: number | null; output: string; errors: string }> {
  let [output, errors] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, output, errors: errors + error.message }));
    child.once('close', (code) => resolve({ code, output, errors }));
  });
}
