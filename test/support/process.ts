// Cerebro as people run it: `npm start` and `npm run cli`, on the built code, in processes of their own.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A finished process. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A gateway in a process of its own, as far as it has come. */
export interface BegunGateway {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly output: () => string;
  /** Its end. */
  readonly ended: Promise<Finished>;
  /** Sends a signal and waits for the end. */
  readonly end: (signal: NodeJS.Signals) => Promise<Finished>;
}

/** A gateway in a process of its own, which is ready. */
export interface GatewayProcess extends BegunGateway {
  readonly url: string;
  readonly key: string;
  readonly adminKey: string;
}

/** How to start it, where not by itself. */
export interface LaunchOptions {
  /**
   * A script of the shell that runs the command `"$@"`, both in a process group of their own, to which all signals go
   * then, as from a terminal or systemd.
   */
  readonly shell?: string;
}

/** A fresh folder for data; `remove` deletes it. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'cerebro-test-'));
  // An embedded database that root starts runs as another user, who has to get through.
  chmodSync(path, 0o755);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs an entry point to its end. */
export async function runToEnd(args: readonly string[], env: Record<string, string>): Promise<Finished> {
  return finished(launch(args, env));
}

/** Runs an entry point, and does not wait for it. */
export function beginCommand(
  args: readonly string[],
  env: Record<string, string>,
): { errors: () => string; ended: Promise<Finished> } {
  const launched = launch(args, env);
  return { errors: launched.stderr, ended: finished(launched) };
}

/** Starts a gateway and waits until it says that it is ready. */
export async function startGateway(
  env: Record<string, string>,
  options?: LaunchOptions,
): Promise<GatewayProcess> {
  const begun = beginGateway(env, options);
  const { child, output } = begun;
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => output().includes('Try it') && resolve());
    void begun.ended.then((result) =>
      reject(new Error(`ended before it was ready: ${JSON.stringify(result)}`)),
    );
  });
  const read = (label: string): string => new RegExp(`${label} +(\\S+)`).exec(output())?.[1] ?? '';
  return { ...begun, url: read('Address'), key: read('Demo key'), adminKey: read('Admin key') };
}

/** Starts a gateway, and does not wait for it. */
export function beginGateway(env: Record<string, string>, options?: LaunchOptions): BegunGateway {
  const launched = launch(['main'], { PORT: '0', ...env }, options);
  const ended = finished(launched);
  const end = (signal: NodeJS.Signals): Promise<Finished> => {
    if (options?.shell && launched.child.pid) process.kill(-launched.child.pid, signal);
    else launched.child.kill(signal);
    return ended;
  };
  return { child: launched.child, output: launched.output, ended, end };
}

interface Launched {
  /** What it was given and must never print. */
  readonly secrets: readonly string[];
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly stderr: () => string;
}

function launch(
  args: readonly string[],
  env: Record<string, string>,
  { shell }: LaunchOptions = {},
): Launched {
  // Nothing of this process's own environment that could change what is tested.
  const { PATH = '', HOME = '' } = process.env;
  const command = [process.execPath, join(root, 'scripts', 'run.mjs'), ...args];
  const [program = '', ...rest] = shell ? ['sh', '-c', shell, 'sh', ...command] : command;
  const child = spawn(program, rest, {
    cwd: tmpdir(),
    detached: shell !== undefined,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return { secrets: secretsIn(env), child, output: () => output, stderr: () => errors };
}

/** Rejects where it has printed a secret. */
function finished({ secrets, child, output, stderr }: Launched): Promise<Finished> {
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      const text = output() + stderr();
      if (secrets.some((secret) => text.includes(secret))) reject(new Error(`prints a secret: ${text}`));
      else resolve({ code, stdout: output(), stderr: stderr() });
    });
  });
}

/** The secrets in an environment, as far as they are long enough to be told from other texts. */
function secretsIn(env: Readonly<Record<string, string>>): string[] {
  const named = Object.entries(env).filter(([name]) => /_(?:TOKEN|KEYS?|PEPPER|PEPPER_PREVIOUS)$/.test(name));
  const password = URL.parse(env.DATABASE_URL ?? '')?.password ?? '';
  return [password, ...named.map(([, value]) => value)].filter((secret) => secret.length >= 12);
}
