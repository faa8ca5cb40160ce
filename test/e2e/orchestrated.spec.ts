// The life of a process under an orchestrator: started before its database, rolled back, broken, and replaced.
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { eventually, freePort, question, startTestSandbox } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';
import { LoadBalancer } from '../support/load-balancer.js';
import { createTestDatabase, execute, type TestDatabase } from '../support/postgres.js';
import {
  beginGateway,
  type GatewayProcess,
  runToEnd,
  startGateway,
  temporaryFolder,
} from '../support/process.js';
import { chat, openStream, type OpenStream } from '../support/stream-reader.js';

const folder = temporaryFolder();
let database: TestDatabase;
let sandbox: Sandbox;
const running = new Set<GatewayProcess>();
beforeAll(async () => {
  database = await createTestDatabase();
  sandbox = await startTestSandbox();
});
afterAll(async () => {
  await sandbox.close();
  await database.drop();
  folder.remove();
});
afterEach(async () => {
  await Promise.all([...running].map((gateway) => gateway.end('SIGKILL')));
  running.clear();
  await startAnew({ databaseUrl: database.url, sandbox });
});

const environment = () => ({
  CEREBRO_DATA_DIR: folder.path,
  DATABASE_URL: database.url,
  REPLICATE_API_TOKEN: 'sandbox',
  REPLICATE_BASE_URL: sandbox.baseUrl,
  CEREBRO_MODELS: '*',
});

async function start(env: Record<string, string> = {}): Promise<GatewayProcess> {
  const gateway = await startGateway({ ...environment(), ...env });
  running.add(gateway);
  return gateway;
}

/** What is answered at an address; undefined where nobody listens. */
async function get(url: string) {
  const answer = await request(url, { headers: { connection: 'close' } }).catch(() => undefined);
  return answer && { status: answer.statusCode, text: await answer.body.text() };
}

async function complete({ url, key }: GatewayProcess) {
  const { statusCode, headers, body } = await request(`${url}/v1/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(question()),
  });
  return { status: statusCode, headers, text: await body.text() };
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** Lines of the log at a level or above. */
function logged(output: string, least: string): { msg?: string; level: string; err?: object }[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: string })
    .filter(({ level }) => LEVELS.indexOf(level) >= LEVELS.indexOf(least));
}

const words = (count: number): string[] => Array.from({ length: count }, (_, at) => `word ${at} `);

describe('a stop with a delay', { timeout: 90_000 }, () => {
  it('says that it is not ready, serves who still comes, then lets 50 streams end or tells them so, and exits 0 (H7)', async () => {
    const gateway = await start({ CEREBRO_SHUTDOWN_DELAY: '4s', CEREBRO_DRAIN_TIMEOUT: '3s' });
    sandbox.script({ run: 2500, output: words(20), times: 25 });
    sandbox.script({ run: 60_000, output: words(600), times: 25 });
    const streams = await Promise.all(
      Array.from({ length: 50 }, (_, i) => openStream(gateway, chat(`question ${i}`))),
    );
    await Promise.all(streams.map((stream) => stream.firstPiece()));
    let hasEnded = false;
    const ended = gateway.end('SIGTERM').finally(() => (hasEnded = true));

    await eventually('not ready', async () => (await get(`${gateway.url}/readyz`))?.status === 503);
    const readiness = await get(`${gateway.url}/readyz`);
    expect(JSON.parse(readiness?.text ?? '')).toEqual({
      status: 'unavailable',
      checks: { database: 'ok', shutdown: 'stopping' },
    });
    expect((await get(`${gateway.url}/healthz`))?.status).toBe(200);
    const late = await complete(gateway);
    expect(late.status, late.text).toBe(200);
    expect(late.headers.connection).toBe('close');

    await eventually('the port is closed', async () => (await get(`${gateway.url}/healthz`)) === undefined);
    expect(hasEnded).toBe(false);
    for (const stream of streams) await stream.toEnd();
    expect((await ended).code).toBe(0);
    const isWhole = (stream: OpenStream) => stream.isDone && stream.textOf() === words(20).join('');
    expect(streams.filter(isWhole)).toHaveLength(25);
    const told = streams.filter(({ error }) => error?.code === 'shutting_down');
    expect(told.map(({ isDone, end }) => [isDone, end])).toEqual(
      Array.from({ length: 25 }, () => [false, 'whole']),
    );
    await start();
    await expectOneBill({ databaseUrl: database.url, sandbox });
  });

  it('lets a stream end whole where the signal goes to npm and its shell too, as from systemd (H7)', async () => {
    // What npm does: a shell, which ends at the signal; and the name of the script in the environment.
    const gateway = await startGateway(
      { ...environment(), npm_lifecycle_event: 'start' },
      { shell: '"$@"; exit' },
    );
    running.add(gateway);
    sandbox.script({ run: 3000, output: words(20) });
    const stream = await openStream(gateway, chat('a question'));
    await stream.firstPiece();
    const ended = gateway.end('SIGTERM');
    await stream.toEnd();
    expect([stream.isDone, stream.textOf()]).toEqual([true, words(20).join('')]);
    await ended;
    expect(logged(gateway.output(), 'info')).toContainEqual(
      expect.objectContaining({ msg: 'stopped', cutOff: 0 }),
    );
  });

  it('is over at the second signal (H8)', async () => {
    const gateway = await start({ CEREBRO_SHUTDOWN_DELAY: '10m' });
    const ended = gateway.end('SIGTERM');
    await eventually('not ready', async () => (await get(`${gateway.url}/readyz`))?.status === 503);
    gateway.child.kill('SIGTERM');
    expect((await ended).code).toBe(1);
  });
});

describe('an error that nobody has caught', { timeout: 60_000 }, () => {
  const bug = `process.on('SIGUSR2', () => Promise.reject(new Error('no postgresql://cerebro:hunter2@db/x')))`;
  const NODE_OPTIONS = `--import data:text/javascript;base64,${Buffer.from(bug).toString('base64')}`;

  it('is one line of the log without secrets, and ends the process with 1 when running requests have ended (H17)', async () => {
    const gateway = await start({ NODE_OPTIONS });
    sandbox.script({ boot: 2000 });
    const answer = complete(gateway);
    await eventually('the create arrived', () => sandbox.bill.creates === 1);
    const { code, stdout, stderr } = await gateway.end('SIGUSR2');
    expect(code).toBe(1);
    expect((await answer).status).toBe(200);
    expect(logged(stdout, 'fatal')).toMatchObject([
      { msg: 'an error that nobody has caught', err: { message: 'no postgresql://[redacted]@db/x' } },
    ]);
    expect(`${stdout}${stderr}`).not.toContain('hunter2');
    expect(stderr).not.toMatch(/ at .*:\d+:\d+/);
  });
});

describe('a start before its database', { timeout: 60_000 }, () => {
  it('waits, alive and not ready, until there is one (H16)', async () => {
    const [port, databasePort] = [await freePort(), await freePort()];
    const url = new URL(database.url);
    url.port = String(databasePort);
    const starting = start({ PORT: String(port), DATABASE_URL: url.href, CEREBRO_DATABASE_WAIT: '50s' });
    starting.catch(() => undefined);
    const address = `http://127.0.0.1:${port}`;
    await eventually('alive', async () => (await get(`${address}/healthz`))?.status === 200, 30_000);
    const readiness = await get(`${address}/readyz`);
    expect(readiness?.status).toBe(503);
    expect(JSON.parse(readiness?.text ?? '')).toEqual({
      status: 'unavailable',
      checks: { database: 'waiting' },
    });
    const early = await get(`${address}/v1/models`);
    expect(early?.status).toBe(503);
    expect(JSON.parse(early?.text ?? '')).toMatchObject({ error: { code: 'database_unavailable' } });
    await sleep(3000);
    const server = await LoadBalancer.open(databasePort);
    try {
      server.target = database.url;
      const gateway = await starting;
      expect((await get(`${address}/readyz`))?.status).toBe(200);
      expect((await complete(gateway)).status).toBe(200);
      const retries = logged(gateway.output(), 'warn').filter(({ msg }) => msg?.includes('Trying again in'));
      expect(retries.length).toBeGreaterThan(1);
      expect(gateway.output()).not.toContain(url.password + '@');
      running.delete(gateway);
      await gateway.end('SIGKILL');
    } finally {
      await server.close();
    }
  });

  it('gives up when its time is over, with one line that tells no password (H16)', async () => {
    const { code, stderr, stdout } = await runToEnd(['main'], {
      ...environment(),
      PORT: '0',
      DATABASE_URL: 'postgresql://cerebro:hunter2@127.0.0.1:9/cerebro',
      CEREBRO_DATABASE_WAIT: '2s',
    });
    expect(code).toBe(1);
    expect(stderr.trim()).toMatch(/^The database at 127\.0\.0\.1:9 cannot be used: .*$/);
    expect(logged(stdout, 'warn').length).toBeGreaterThan(0);
    expect(`${stdout}${stderr}`).not.toContain('hunter2');
  });

  it('ends at once when it is stopped while it waits (H8)', async () => {
    const port = await freePort();
    const waiting = beginGateway({
      ...environment(),
      PORT: String(port),
      DATABASE_URL: 'postgresql://cerebro@127.0.0.1:9/cerebro',
      CEREBRO_DATABASE_WAIT: '10m',
      CEREBRO_SHUTDOWN_DELAY: '10m',
    });
    const healthz = async () => (await get(`http://127.0.0.1:${port}/healthz`))?.status;
    await eventually('alive', async () => (await healthz()) === 200, 30_000);
    expect(await waiting.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a rollback', { timeout: 60_000 }, () => {
  it('starts on a schema that is newer than the code, and says so (H6)', async () => {
    await execute(
      database.url,
      `ALTER TABLE predictions ADD COLUMN newer text;
       INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES (gen_random_uuid()::text, 'x', '99991231235959_newer', now(), 1)`,
    );
    const gateway = await start();
    expect((await get(`${gateway.url}/readyz`))?.status).toBe(200);
    expect((await complete(gateway)).status).toBe(200);
    expect(logged(gateway.output(), 'warn').map(({ msg }) => msg)).toEqual([
      expect.stringContaining('99991231235959_newer') as string,
    ]);
  });
});
