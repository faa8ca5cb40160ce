// Starts and stops the PostgreSQL server of a cluster. It runs in a session of its own: a signal to our
// process group (Ctrl-C) or our own sudden end leaves it running.
import { setTimeout as sleep } from 'node:timers/promises';
import { DataFolderError } from './errors.js';
import { findPostmaster, waitForEnd, type Postmaster } from './postmaster.js';
import { tryStart, type ServerPlan } from './server-start.js';

/** Longest waits in milliseconds: for a server on its way up or down, for a killed server's children to end. */
const patience = { change: 60_000, children: 10_000 };

/** A server that takes connections, and whether it ran before we came. */
export interface FoundServer {
  readonly server: Postmaster;
  readonly adopted: boolean;
}

/**
 * The server of a cluster that runs already; undefined when none does. One that starts or stops just now is waited for.
 * @throws DataFolderError when it stays between up and down.
 */
export async function runningServer(cluster: string): Promise<Postmaster | undefined> {
  const giveUpAt = Date.now() + patience.change;
  for (;;) {
    const { running } = await findPostmaster(cluster);
    if (running === undefined || running.status === 'ready') return running;
    if (Date.now() > giveUpAt) {
      throw new DataFolderError(
        `The PostgreSQL server on ${cluster} (pid ${running.pid}) has been ${running.status} for a minute; look at its log, or end it.`,
      );
    }
    await sleep(20);
  }
}

/**
 * Starts the server, or adopts the one that another process starts at the same time.
 * @throws DataFolderError with what the server's log says.
 */
export async function startServer(plan: ServerPlan): Promise<FoundServer> {
  const giveUpAt = Date.now() + patience.children;
  for (let portsTried = 0; ;) {
    const result = await tryStart(plan);
    if (result.kind === 'started') return { server: result.server, adopted: false };
    if (result.kind === 'fatal') throw cannotStart(plan, result.message);
    if (result.kind === 'port-taken' && ++portsTried > 10)
      throw cannotStart(plan, 'no free port on 127.0.0.1');
    await sleep(50);
    const other = await runningServer(plan.cluster);
    if (other !== undefined) return { server: other, adopted: true };
    if (Date.now() > giveUpAt) throw cannotStart(plan, result.kind);
  }
}

/**
 * Stops a server: sessions are cut, then everything is written down ("fast" shutdown). Harmless when it has already ended.
 * @throws Error when it has not ended within a minute.
 */
export async function stopServer(cluster: string): Promise<void> {
  const { running } = await findPostmaster(cluster);
  if (running === undefined) return;
  askToStop(running.pid);
  if (await waitForEnd(running.pid, patience.change)) return;
  throw new Error(`PostgreSQL (pid ${running.pid}) on ${cluster} has not stopped within a minute.`);
}

/** SIGINT: https://www.postgresql.org/docs/18/server-shutdown.html */
function askToStop(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function cannotStart({ cluster, log }: ServerPlan, reason: string): DataFolderError {
  const advice = reason.includes('initialized by PostgreSQL version')
    ? 'It was made by another version of PostgreSQL: move it away, or set DATABASE_URL to a server of that version'
    : `Its log is ${log}; restore a backup, or move the folder away to begin with an empty database`;
  return new DataFolderError(`The database in ${cluster} cannot be started: ${reason}. ${advice}.`);
}
