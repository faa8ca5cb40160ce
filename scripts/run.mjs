// Runs an entry point of Cerebro (main, cli) on a fresh enough build, in this very process, so that
// signals and exit codes are the entry point's own.
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'];

if (process.pid === 1) mindSignals();

const [entry, ...args] = process.argv.slice(2);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const script = join(root, 'dist', `${entry}.js`);

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `Cerebro needs Node 24 or newer, this is ${process.version}. Run it with 'npm start': 'npm ci' brings its own Node.\n`,
  );
  process.exit(1);
}

// A production install has neither sources nor compiler, only dist/.
if (existsSync(join(root, 'src')) && existsSync(join(root, 'node_modules', '@nestjs', 'cli'))) {
  const { buildIfStale } = await import('./build.mjs');
  const started = performance.now();
  if (buildIfStale())
    process.stderr.write(`Built in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
}
if (process.env.npm_lifecycle_event) followParent();
process.argv = [process.argv[0], script, ...args];
await import(pathToFileURL(script).href);

/**
 * npm hands a signal to the shell between us, which ends without passing it on; we end when that is gone. Not where we
 * had a signal ourselves, as from a terminal or systemd, which signal all of us: ours would count as the second one.
 */
function followParent() {
  const parent = process.ppid;
  let isSignalled = false;
  const note = () => (isSignalled = true);
  for (const signal of SIGNALS) {
    // Beside a handler of the entry point's alone: by itself it would keep the signal from ending a command.
    process.on('newListener', (event, listener) => {
      if (event === signal && listener !== note) process.off(signal, note).on(signal, note);
    });
  }
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    if (!isSignalled) process.kill(process.pid, 'SIGTERM');
  }, 500).unref();
}

/**
 * The kernel keeps from the first process of a container every signal that it has no handler for: without this, a stop
 * while it loads, or of a command that has no handlers at all, would wait for SIGKILL.
 */
function mindSignals() {
  for (const signal of SIGNALS) {
    const end = () => process.exit(128 + constants.signals[signal]);
    process.on(signal, end);
    process.on('newListener', (event, listener) => {
      // Not before the other one is there.
      if (event === signal && listener !== end) queueMicrotask(() => process.off(signal, end));
    });
  }
}
