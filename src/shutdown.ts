// How a gateway ends: on a signal, by an error that nobody has caught, or because its embedded database has gone.
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from './app.js';
import type { LocalServices } from './local-services.js';
import type { JsonLogger } from './observability/json-logger.js';

/** How often to look whether the embedded database still runs, in milliseconds. */
const WATCH_INTERVAL = 5000;

/** How long a stop after a crash may take beyond the drain limit, in milliseconds: what is broken may never end. */
const CRASH_MARGIN = 10_000;

/** What runs, as far as it has come. */
export interface Running {
  readonly logger: JsonLogger;
  stopping: boolean;
  /** What the process ends with. */
  exitCode: 0 | 1;
  services?: LocalServices;
  app?: App;
}

/** The first signal stops in good order, the second at once. */
export function stopOnSignals(running: Running): void {
  const onSignal = (signal: NodeJS.Signals): void => {
    if (running.stopping) process.exit(1);
    running.logger.log({ msg: 'stopping', signal, running: running.app?.inFlight.count ?? 0 });
    void stop(running, running.services?.settings.shutdownDelayMs);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
}

/**
 * An error that nobody has caught, in a promise too, is logged, and this node takes no more requests: those that run
 * may end within the drain limit, for they are paid for, and the process ends with 1.
 *
 * @see https://nodejs.org/api/process.html#warning-using-uncaughtexception-correctly
 */
export function stopOnCrash(running: Running): void {
  process.on('uncaughtException', (err: unknown, origin) => {
    running.logger.fatal({ msg: 'an error that nobody has caught', origin, err });
    running.exitCode = 1;
    setTimeout(() => process.exit(1), drainLimit(running) + CRASH_MARGIN).unref();
    if (!running.stopping) void stop(running);
  });
}

/** A gateway whose embedded database was ended from outside can serve nobody: it says so and ends too. */
export function stopWithDatabase(running: Running): void {
  const database = running.services?.database;
  if (!database) return;
  setInterval(() => {
    void database.isRunning().then((runs) => {
      if (runs || running.stopping) return;
      running.logger.fatal('The embedded PostgreSQL was ended by somebody else. Start Cerebro again.');
      running.exitCode = 1;
      return stop(running);
    });
  }, WATCH_INTERVAL).unref();
}

/** Closes what is open, in reverse order. */
export async function close({ app, services }: Running): Promise<void> {
  await app?.nest.close();
  await services?.stop();
}

/**
 * Says that this node is not ready, stops accepting after the delay, lets running requests finish within the drain
 * limit, and ends the process.
 *
 * @param delayMs how long whoever balances load needs to see it, in milliseconds; until then everything is served
 */
async function stop(running: Running, delayMs = 0): Promise<void> {
  running.stopping = true;
  const { app, logger } = running;
  try {
    app?.inFlight.leave();
    const server = app?.nest.getHttpServer();
    if (server?.listening && delayMs > 0) await sleep(delayMs);
    server?.close();
    const cutOff = await app?.inFlight.drain(drainLimit(running));
    await close(running);
    logger.log({ msg: 'stopped', cutOff: cutOff ?? 0 });
  } catch (error) {
    logger.error(error);
    running.exitCode = 1;
  }
  await logger.flush();
  process.exit(running.exitCode);
}

function drainLimit({ services }: Running): number {
  return services?.settings.drainTimeoutMs ?? 0;
}
