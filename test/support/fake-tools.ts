// Stand-ins for command line tools, which write down how they were called. What runs under them sees no others, but
// for the system's plainest.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';
import { temporaryFolder } from './process.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Tools of the system that scripts may use. */
const PLAIN = 'bash cat date dirname env git grep sed sleep touch tr'.split(' ');

/** A finished script. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of stand-ins. */
export interface FakeTools {
  /** Adds a tool; `script` is what it does besides writing down its call, in sh. */
  add(name: string, script?: string): void;
  /** Calls so far, oldest first, each a command line. */
  calls(): string[];
  /** What tools were given through the pipes that their arguments name, a line each. */
  given(): string[];
  /** The environments of all calls. */
  environments(): string;
  /** Runs a script of the project with nothing but these tools. */
  run(script: string, args: readonly string[], env?: Record<string, string>): Promise<Ran>;
  remove(): void;
}

/** Makes a folder without any stand-ins yet. */
export function fakeTools(): FakeTools {
  const folder = temporaryFolder();
  const bin = join(folder.path, 'bin');
  const file = (name: string): string => join(folder.path, name);
  mkdirSync(bin);
  for (const tool of PLAIN) symlinkSync(where(tool), join(bin, tool));
  const read = (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '');
  return {
    add: (name, script = '') => {
      const recording = [
        '#!/bin/sh',
        `cd ${folder.path}`,
        `printf '%s\\n' "${name} $*" >>calls`,
        'env >>environments',
        'for word; do case $word in file:///dev/stdin) cat >>given; echo >>given ;; esac; done',
      ];
      writeFileSync(join(bin, name), `${recording.join('\n')}\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    },
    calls: () => read('calls').split('\n').slice(0, -1),
    given: () => read('given').split('\n').slice(0, -1),
    environments: () => read('environments'),
    run: async (script, args, env = {}) => {
      const child = spawn(join(root, script), args, {
        cwd: folder.path,
        env: { PATH: bin, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return { code: await ended, stdout, stderr };
    },
    remove: folder.remove,
  };
}

function where(tool: string): string {
  const { stdout } = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' });
  return stdout.trim();
}
