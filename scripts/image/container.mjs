// Starts commands as a container host would: as the image's user, on code that nobody may write, as the first process
// of a process namespace and on a read-only root where this machine lets us.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

const isRoot = process.getuid?.() === 0;

/** Mounts the work folder and the root read-only, and memory where temporary files go; then becomes the command. */
const readOnlyRoot = `
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount -t tmpfs -o mode=1777 tmpfs "$2" &&
mount -o remount,bind,ro / && cd "$3" && shift 3 && exec "$@"`;
const unshare = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Whether this machine lets us make namespaces. */
export const hasNamespaces =
  isRoot &&
  spawnSync('unshare', [...unshare, 'sh', '-c', 'mount -o remount,bind,ro / && setpriv --version']).status ===
    0;

/** What the processes started here lack of a container's, for people; empty for nothing. */
export const shortcomings = [
  ...(isRoot ? [] : ['not root: the processes run as the user who runs this']),
  ...(hasNamespaces ? [] : ['no namespaces: the root is writable, and Node is not process 1']),
];

/**
 * A running container; `pid` is its first process, as seen from here.
 *
 * @typedef {{ pid: number, output: () => string, ended: Promise<number | null>, isOver: () => boolean,
 *   kill: (signal: NodeJS.Signals) => void }} Container
 */

/**
 * Starts a command.
 *
 * @param {{ command: string[], env: Record<string, string>, cwd: string, work: string, temporary: string, uid: number,
 *   gid: number }} options `work` is the folder with everything of the replay, `temporary` the one that is writable
 * @returns {Promise<Container>}
 */
export async function startContainer({ command, env, cwd, work, temporary, uid, gid }) {
  const [file, ...args] = command;
  const asUser = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--no-new-privs'];
  const options = { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] };
  const child = hasNamespaces
    ? spawn(
        'unshare',
        // prettier-ignore
        [...unshare, 'sh', '-c', readOnlyRoot, 'sh', work, temporary, cwd, ...asUser, '--bounding-set=-all', ...command],
        options,
      )
    : spawn(file, args, { ...options, ...(isRoot && { uid, gid }) });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close').then(([code]) => code);
  let over = false;
  void ended.then(() => (over = true));
  await once(child, 'spawn');
  const pid = hasNamespaces ? await firstChild(child.pid, () => over) : child.pid;
  return {
    pid,
    output: () => output,
    ended,
    isOver: () => over,
    kill: (signal) => process.kill(pid, signal),
  };
}

/** `unshare` itself keeps signals from the process that it has started. */
async function firstChild(parent, isOver) {
  for (;;) {
    if (isOver()) throw new Error('unshare ended before it started anything');
    const pid = Number(readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ')[0]);
    if (pid > 0) return pid;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Resident memory of a process in MiB; undefined where there is no /proc. */
export function residentMebibytes(pid) {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return undefined;
  }
}
