// Starts the gateway. How it ends is in shutdown.ts.
import { type App, createApp } from './app.js';
import { KeyPeppers } from './auth/key-peppers.service.js';
import { loadSettings, unknownVariables } from './config/environment.js';
import { REPLICATE_API, type Settings } from './config/settings.js';
import { migrationsFolder } from './database/migration-files.js';
import { applyMigrations } from './database/migrations.js';
import { whenReachable } from './database/when-reachable.js';
import { demoKey, greeting } from './demo.js';
import { type LocalServices, startLocalServices } from './local-services.js';
import { modelProblems } from './models/models-check.js';
import { JsonLogger } from './observability/json-logger.js';
import { close, type Running, stopOnCrash, stopOnSignals, stopWithDatabase } from './shutdown.js';
import { oneLine, retryLine } from './start-failure.js';
import { openWaitingRoom } from './waiting-room.js';

async function start(): Promise<void> {
  const given = await loadSettings('gateway', modelProblems);
  const running: Running = { logger: new JsonLogger(given.logLevel), stopping: false, exitCode: 0 };
  for (const warning of warningsOf(given)) running.logger.warn(warning);
  stopOnSignals(running);
  stopOnCrash(running);
  try {
    running.services = await startLocalServices(given, { role: 'gateway' });
    const { settings, sandbox, secrets } = running.services;
    const waitingRoom = settings.databaseWaitMs > 0 ? await openWaitingRoom(settings) : undefined;
    await bringUpToDate(settings, running.logger);
    const exampleImage = sandbox?.pictures['invoice.png'];
    const { logger } = running;
    running.app = await createApp({ settings, logger, ...(exampleImage && { exampleImage }) });
    const key = secrets && (await demoKey(running.app.nest, secrets, settings.dataDir));
    await waitingRoom?.close();
    if (running.stopping) return;
    const address = await listen(running.app, settings);
    if (running.stopping) return;
    stopWithDatabase(running);
    void running.app.nest.get(KeyPeppers).tellOfUnknown();
    if (key === undefined) logger.log({ msg: 'listening', address });
    else {
      const text = greeting({ address, key, services: running.services });
      process.stdout.write(`Cerebro is ready after ${process.uptime().toFixed(1)} s.\n${text}`);
    }
  } catch (error) {
    if (running.stopping) {
      // Much fails when it is closed while it starts; the stop ends the process, with its own code.
      running.logger.debug({ msg: 'the start was broken off by the stop', err: error });
      return;
    }
    await close(running);
    throw error;
  }
}

/** What is no error, and most likely not meant. */
function warningsOf(given: Settings): string[] {
  const warnings = unknownVariables().map((name) => `${name} is not a setting of Cerebro`);
  if (given.imageMode === 'fetch' && given.publicUrl === undefined && given.replicateToken !== undefined) {
    warnings.push('CEREBRO_IMAGE_MODE=fetch without CEREBRO_PUBLIC_URL: the default model cannot be asked');
  }
  if (given.replicateToken === undefined && given.replicateBaseUrl !== REPLICATE_API) {
    warnings.push('REPLICATE_BASE_URL is not used without REPLICATE_API_TOKEN: the sandbox answers');
  }
  if (given.production && given.metricsToken === undefined) {
    warnings.push('/metrics answers whoever reaches this port: CEREBRO_METRICS_TOKEN asks for a token');
  }
  if (given.traces?.asksOtherProtocol) {
    warnings.push(
      'OTEL_EXPORTER_OTLP_PROTOCOL asks for a protocol that is not spoken: traces go as http/protobuf (a collector takes that on port 4318 as a rule)',
    );
  }
  return warnings;
}

/** Applies what is pending, as soon as there is a database. */
async function bringUpToDate(
  { databaseUrl: url, databaseWaitMs }: LocalServices['settings'],
  logger: JsonLogger,
): Promise<void> {
  const onUnknown = (names: readonly string[]): void =>
    logger.warn(
      `The database has migrations of a newer version of Cerebro: ${names.join(', ')}. It works on: a schema serves the version before it too.`,
    );
  await whenReachable(() => applyMigrations({ url, folder: migrationsFolder, onUnknown }), {
    limitMs: databaseWaitMs,
    onRetry: (error, pauseMs) => logger.warn(retryLine(error, pauseMs)),
  });
}

/** Through Fastify itself: Nest's own listen would log a failure that `start` tells in one line. */
async function listen({ nest }: App, { host, port }: LocalServices['settings']): Promise<string> {
  await nest.getHttpAdapter().getInstance().listen({ port, host });
  const bound = nest.getHttpServer().address() as { port: number };
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${shown.includes(':') ? `[${shown}]` : shown}:${bound.port}`;
}

start().catch((error: unknown) => {
  process.stderr.write(`${oneLine(error)}\n`);
  process.exit(1);
});
