// How a gateway ends: on a signal, by an error that nobody has caught, or because its embedded database has gone.
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from './app.js';
import type { LocalServices } from './local-services.js';
import type { JsonLogger } from './observability/json-logger.js';

/** How often to look whether the embedded database still runs, in milliseconds. */
const WATCH_INTERVAL = 5000;

/**
 * How long a stop may take beyond delay and drain limit, in milliseconds: whoever runs us waits ten seconds longer than
 * these, and then kills. What must get out after the closing has the rest.
 */
const MARGIN = 9000;

/** How much of it is kept for an embedded database, in milliseconds. */
const FOR_DATABASE = 2000;

/** How long the log may take to get out at the end, in milliseconds: nobody may be reading it. */
const FLUSH_LIMIT = 500;

/** What runs, as far as it has come. */
export interface Running {
  readonly logger: JsonLogger;
  stopping: boolean;
  /** What the process ends with. */
  exitCode: 0 | 1;
  services?: LocalServices;
  app?: App;
}

/** The first signal stops in good order, the second at once. A stop that goes on already, after a crash, goes on. */
export function stopOnSignals(running: Running): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1) process.exit(1);
    running.logger.log({ msg: 'stopping', signal, running: running.app?.inFlight.count ?? 0 });
    if (!running.stopping) void stop(running, running.services?.settings.shutdownDelayMs);
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
  let lastResort: NodeJS.Timeout | undefined;
  process.on('uncaughtException', (err: unknown, origin) => {
    running.logger.fatal({ msg: 'an error that nobody has caught', origin, err });
    running.exitCode = 1;
    // What is broken may never end.
    lastResort ??= setTimeout(() => process.exit(1), drainLimit(running) + MARGIN + 1000).unref();
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

/**
 * Closes what is open, in reverse order, within a limit: a database that has fallen silent may keep it for ever. What was
 * not closed by then is logged, and left to the end of the process.
 *
 * @param limitMs in milliseconds
 * @returns whether all was closed
 */
export async function close({ app, services, logger }: Running, limitMs = MARGIN): Promise<boolean> {
  const end = performance.now() + limitMs;
  const left: string[] = [];
  const kept = services?.database ? FOR_DATABASE : 0;
  if (app && !(await within(end - kept, app.nest.close()))) left.push('the application');
  if (services && !(await within(end, services.stop()))) left.push('the local services');
  if (left.length === 0) return true;
  logger.error({ msg: 'not closed in time', left, waiting: process.getActiveResourcesInfo() });
  return false;
}

/** Whether something is over by a time of `performance.now()`. @throws as it does until then */
async function within(end: number, work: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), Math.max(0, end - performance.now()));
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
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
    const end = performance.now() + drainLimit(running) + MARGIN;
    const cutOff = await app?.inFlight.drain(drainLimit(running));
    if (!(await close(running, end - performance.now()))) running.exitCode = 1;
    logger.log({ msg: 'stopped', cutOff: cutOff ?? 0 });
  } catch (error) {
    logger.error(error);
    running.exitCode = 1;
  }
  await within(performance.now() + FLUSH_LIMIT, logger.flush());
  process.exit(running.exitCode);
}

function drainLimit({ services }: Running): number {
  return services?.settings.drainTimeoutMs ?? 0;
}
