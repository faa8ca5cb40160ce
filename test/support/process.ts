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

/** A gateway in a process of its own. */
export interface GatewayProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly key: string;
  readonly adminKey: string;
  /** What it has printed so far. */
  readonly output: () => string;
  /** Sends a signal and waits for the end. */
  readonly end: (signal: NodeJS.Signals) => Promise<Finished>;
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

/** Starts a gateway and waits until it says that it is ready. */
export async function startGateway(env: Record<string, string>): Promise<GatewayProcess> {
  const { child, output, stderr } = launch(['main'], { PORT: '0', ...env });
  const end = finished({ child, output, stderr });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => output().includes('Try it') && resolve());
    void end.then((result) => reject(new Error(`ended before it was ready: ${JSON.stringify(result)}`)));
  });
  const read = (label: string): string => new RegExp(`${label} +(\\S+)`).exec(output())?.[1] ?? '';
  return {
    child,
    url: read('Address'),
    key: read('Demo key'),
    adminKey: read('Admin key'),
    output,
    end: (signal) => {
      child.kill(signal);
      return end;
    },
  };
}

interface Launched {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly stderr: () => string;
}

function launch(args: readonly string[], env: Record<string, string>): Launched {
  // Nothing of this process's own environment that could change what is tested.
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [join(root, 'scripts', 'run.mjs'), ...args], {
    cwd: tmpdir(),
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return { child, output: () => output, stderr: () => errors };
}

function finished({ child, output, stderr }: Launched): Promise<Finished> {
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, stdout: output(), stderr: stderr() }));
  });
}
