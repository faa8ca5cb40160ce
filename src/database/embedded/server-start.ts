// One attempt to start a PostgreSQL server on a cluster. It runs in a session of its own: a signal to our
// process group (Ctrl-C) or our own sudden end leaves it running.
import { open } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresBinaries } from './binaries.js';
import { findPostmaster, type Postmaster } from './postmaster.js';
import type { Runner } from './run-as.js';
import { logSince, logSize, startFailure, type StartFailure } from './server-log.js';

/** PostgreSQL settings by name, as strings. */
export type ServerSettings = Readonly<Record<string, string>>;

const defaultSettings: ServerSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
};

/** Longest wait in milliseconds until a server takes connections: after a crash it first reads its journal. */
const patience = 60_000;

/** What is needed to start a server. */
export interface ServerPlan {
  /** Real path of the cluster. */
  readonly cluster: string;
  /** File that the server's messages are appended to. */
  readonly log: string;
  readonly binaries: PostgresBinaries;
  readonly run: Runner;
  /** Settings beyond the usual ones. */
  readonly settings: ServerSettings;
}

/** How an attempt ended. */
export type StartResult = { readonly kind: 'started'; readonly server: Postmaster } | StartFailure;

/** Starts the server on a free port and waits until it takes connections or has given up. */
export async function tryStart(plan: ServerPlan): Promise<StartResult> {
  const { reusedPid } = await findPostmaster(plan.cluster);
  const port = await freePort();
  const loggedBefore = await logSize(plan.log);
  const log = await open(plan.log, 'a', 0o600);
  try {
    const child = plan.run(plan.binaries.postgres, serverArguments(plan, port), {
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
      // The one way to tell the server that the process which its stale pid file names is not a server.
      ...(reusedPid === undefined ? {} : { env: { PG_GRANDPARENT_PID: String(reusedPid) } }),
    });
    const ended = new AbortController();
    child.once('exit', () => ended.abort());
    child.once('error', (error) => ended.abort(error.message));
    const server = await untilReady(plan.cluster, child.pid, ended.signal);
    if (server === undefined) {
      if (ended.signal.aborted) return failureOf(ended.signal, await logSince(plan.log, loggedBefore));
      child.kill('SIGQUIT');
      return { kind: 'fatal', message: 'it took no connections within a minute' };
    }
    child.unref();
    return { kind: 'started', server };
  } finally {
    await log.close();
  }
}

/** A program that could not even be run says so itself; a server that ran has written to its log. */
function failureOf({ reason }: AbortSignal, log: string): StartFailure {
  return typeof reason === 'string' ? { kind: 'fatal', message: reason } : startFailure(log);
}

/** The server of process `pid` once it is ready; undefined when it has ended before, or takes too long. */
async function untilReady(
  cluster: string,
  pid: number | undefined,
  ended: AbortSignal,
): Promise<Postmaster | undefined> {
  const giveUpAt = Date.now() + patience;
  while (!ended.aborted && Date.now() < giveUpAt) {
    const { running } = await findPostmaster(cluster);
    if (running?.pid === pid && running?.status === 'ready') return running;
    await sleep(5, undefined, { signal: ended }).catch(() => undefined);
  }
  return undefined;
}

function serverArguments({ cluster, settings }: ServerPlan, port: number): string[] {
  const flags = Object.entries({ ...defaultSettings, ...settings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  return ['-D', cluster, '-p', String(port), ...flags];
}

/** A port that was free a moment ago; who loses it to another program tries again. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
