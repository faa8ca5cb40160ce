// Tools of Debian's that read what is deployed, as far as they are installed, and processes of theirs for a test.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Whether tests of a tool are to be skipped: where it is missing, except in CI, where that is a failure. */
export function isMissing(tool: string): boolean {
  return spawnSync(tool, ['--version']).error !== undefined && !process.env.CI;
}

/** The end of a tool. */
export interface ToolEnd {
  readonly status: number | null;
  /** What it has printed, on both ways. */
  readonly output: string;
}

/** Runs a tool to its end; throws where it cannot be run. */
export function runTool(tool: string, ...args: readonly string[]): ToolEnd {
  const { status, stdout, stderr, error } = spawnSync(tool, args, { encoding: 'utf8', timeout: 60_000 });
  if (error) throw new Error(`${tool} has not run`, { cause: error });
  return { status, output: `${stdout}${stderr}` };
}

/** A server of somebody else's, in a process of its own. */
export class ToolServer {
  /** What it has printed so far. */
  output = '';

  private constructor(private readonly child: ChildProcess) {
    child.on('error', (error) => (this.output += String(error)));
    for (const way of [child.stdout, child.stderr])
      way?.on('data', (text: Buffer) => (this.output += text.toString()));
  }

  static start(tool: string, ...args: readonly string[]): ToolServer {
    return new ToolServer(spawn(tool, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  /** Whether it has ended, or could not be started. */
  get isOver(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Ends it and waits for that. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.isOver) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}
