// Starts the gateway, and stops it on SIGTERM, SIGINT or SIGHUP.
import { type App, createApp } from './app.js';
import { loadSettings, unknownVariables } from './config/environment.js';
import { REPLICATE_API } from './config/settings.js';
import { migrationsFolder } from './database/migration-files.js';
import { applyMigrations } from './database/migrations.js';
import { demoKey, greeting } from './demo.js';
import { type LocalServices, startLocalServices } from './local-services.js';
import { checkAllowances, DEFAULT_MODEL } from './models/catalogue.service.js';
import { loadModelsFile } from './models/models-file.loader.js';
import { JsonLogger } from './observability/json-logger.js';
import { oneLine } from './start-failure.js';

/** How often to look whether the embedded database still runs, in milliseconds. */
const WATCH_INTERVAL = 5000;

/** What runs, as far as it has come. */
interface Running {
  readonly logger: JsonLogger;
  stopping: boolean;
  services?: LocalServices;
  app?: App;
}

async function start(): Promise<void> {
  const given = loadSettings();
  const running: Running = { logger: new JsonLogger(given.logLevel), stopping: false };
  for (const name of unknownVariables()) running.logger.warn(`${name} is not a setting of Cerebro`);
  if (given.imageMode === 'fetch' && given.publicUrl === undefined && given.replicateToken !== undefined) {
    running.logger.warn(
      'CEREBRO_IMAGE_MODE=fetch without CEREBRO_PUBLIC_URL: the default model cannot be asked',
    );
  }
  if (given.replicateToken === undefined && given.replicateBaseUrl !== REPLICATE_API) {
    running.logger.warn('REPLICATE_BASE_URL is not used without REPLICATE_API_TOKEN: the sandbox answers');
  }
  stopOnSignals(running);
  try {
    // Before anything is started, and before a framework would log what is wrong with a stack.
    checkAllowances(given.models);
    await loadModelsFile(given.modelsFile, DEFAULT_MODEL);
    running.services = await startLocalServices(given, { role: 'gateway' });
    const { settings, sandbox, secrets } = running.services;
    await applyMigrations({ url: settings.databaseUrl, folder: migrationsFolder });
    const exampleImage = sandbox?.pictures['invoice.png'];
    const { logger } = running;
    running.app = await createApp({ settings, logger, ...(exampleImage && { exampleImage }) });
    const key = secrets && (await demoKey(running.app.nest, secrets, settings.dataDir));
    const address = await listen(running.app, settings);
    watchDatabase(running);
    if (key === undefined) logger.log({ msg: 'listening', address });
    else {
      const text = greeting({ address, key, services: running.services });
      process.stdout.write(`Cerebro is ready after ${process.uptime().toFixed(1)} s.\n${text}`);
    }
  } catch (error) {
    await close(running);
    throw error;
  }
}

/** Through Fastify itself: Nest's own listen would log a failure that `start` tells in one line. */
async function listen({ nest }: App, { host, port }: LocalServices['settings']): Promise<string> {
  await nest.getHttpAdapter().getInstance().listen({ port, host });
  const bound = nest.getHttpServer().address() as { port: number };
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${shown.includes(':') ? `[${shown}]` : shown}:${bound.port}`;
}

/** The first signal stops in good order, the second at once. */
function stopOnSignals(running: Running): void {
  const onSignal = (signal: NodeJS.Signals): void => {
    if (running.stopping) process.exit(1);
    running.logger.log({ msg: 'stopping', signal, running: running.app?.inFlight.count ?? 0 });
    void stop(running, 0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
}

/** Stops accepting, lets running requests finish within the drain limit, and ends the process. */
async function stop(running: Running, exitCode: number): Promise<void> {
  running.stopping = true;
  const { app, services, logger } = running;
  try {
    app?.nest.getHttpServer().close();
    const cutOff = await app?.inFlight.drain(services?.settings.drainTimeoutMs ?? 0);
    await close(running);
    logger.log({ msg: 'stopped', cutOff: cutOff ?? 0 });
  } catch (error) {
    logger.error(error);
    exitCode = 1;
  }
  await logger.flush();
  process.exit(exitCode);
}

async function close({ app, services }: Running): Promise<void> {
  await app?.nest.close();
  await services?.stop();
}

/** A gateway whose embedded database was ended from outside can serve nobody: it says so and ends too. */
function watchDatabase(running: Running): void {
  const database = running.services?.database;
  if (!database) return;
  setInterval(() => {
    void database.isRunning().then((runs) => {
      if (runs || running.stopping) return;
      running.logger.fatal('The embedded PostgreSQL was ended by somebody else. Start Cerebro again.');
      return stop(running, 1);
    });
  }, WATCH_INTERVAL).unref();
}

start().catch((error: unknown) => {
  process.stderr.write(`${oneLine(error)}\n`);
  process.exit(1);
});
