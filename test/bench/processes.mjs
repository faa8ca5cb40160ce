// Starts the bench's servers, each in a process and, where the system can, on a core of its own.
import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** Whether servers under test run on core 0 and everything else on core 1. */
export const pinned = canPin;

/** A command, pinned to a core where that is possible. */
export function onCore(core, command, args) {
  return canPin ? ['taskset', ['-c', String(core), command, ...args]] : [command, args];
}

/** Starts a Node program and waits until `ready` finds what it needs in its output. */
export function startServer({ core, args, env = {}, ready }) {
  const [command, commandArgs] = onCore(core, process.execPath, args);
  const child = spawn(command, commandArgs, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let output = '';
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}\n${output}`)));
    child.stdout.on('data', (chunk) => {
      if (output === undefined) return;
      output += chunk;
      const found = ready(output);
      if (!found) return;
      output = undefined;
      resolve({ ...found, stop: () => stop(child) });
    });
  });
}

function stop(child) {
  child.removeAllListeners('exit');
  return new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGTERM');
  });
}

/** Cerebro prints its address and a key when it is ready. */
export const greeting = (output) => {
  const url = /Address +(\S+)/.exec(output)?.[1];
  const key = /Demo key +(\S+)/.exec(output)?.[1];
  return output.includes('Try it') && url && key ? { url, key } : undefined;
};
