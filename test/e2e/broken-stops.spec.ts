// Stops that something comes in the way of: a crash before, a start that is not over, something that never closes.
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { eventually, freePort, question, startTestSandbox } from '../support/gateway.js';
import { startAnew } from '../support/ledger.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { beginGateway, type GatewayProcess, startGateway, temporaryFolder } from '../support/process.js';

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
});

/** Options of Node that run a script before the gateway. */
const before = (script: string) => ({
  NODE_OPTIONS: `--import data:text/javascript;base64,${Buffer.from(script).toString('base64')}`,
});

async function start(env: Record<string, string> = {}): Promise<GatewayProcess> {
  const gateway = await startGateway({ ...environment(), ...env });
  running.add(gateway);
  return gateway;
}

/** The status of an answer whose prediction has begun. */
async function beginAnswer({ url, key }: GatewayProcess, boot: number): Promise<{ status: Promise<number> }> {
  sandbox.script({ boot });
  const answer = request(`${url}/v1/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(question()),
  });
  const status = answer.then(({ statusCode }) => statusCode);
  status.catch(() => undefined);
  await eventually('the create arrived', () => sandbox.bill.creates === 1);
  return { status };
}

describe('a crash', { timeout: 60_000 }, () => {
  const crashing = before(`process.on('SIGUSR2', () => Promise.reject(new Error('a bug')))`);

  it('that is followed by a signal lets running requests end all the same (H17)', async () => {
    const gateway = await start(crashing);
    const { status } = await beginAnswer(gateway, 2500);
    const ended = gateway.end('SIGUSR2');
    await eventually('it says so', () => gateway.output().includes('an error that nobody has caught'));
    gateway.child.kill('SIGTERM');
    await eventually('the signal is heard', () => gateway.output().includes('"signal":"SIGTERM"'));
    expect(await status).toBe(200);
    expect((await ended).code).toBe(1);
    expect(gateway.output()).toContain('"msg":"stopped"');
  });

  it('that is followed by two signals ends at once (H8)', async () => {
    const gateway = await start(crashing);
    const { status } = await beginAnswer(gateway, 60_000);
    const ended = gateway.end('SIGUSR2');
    await eventually('it says so', () => gateway.output().includes('an error that nobody has caught'));
    gateway.child.kill('SIGTERM');
    await eventually('the signal is heard', () => gateway.output().includes('"signal":"SIGTERM"'));
    gateway.child.kill('SIGTERM');
    expect((await ended).code).toBe(1);
    await expect(status).rejects.toThrow();
    expect(gateway.output()).not.toContain('"msg":"stopped"');
  });
});

describe('a signal during the start', { timeout: 60_000 }, () => {
  it.each([
    ['before it listens', 'close'],
    ['while it begins to listen', 'listen'],
  ])('%s ends it with 0 (H8)', async (_, method) => {
    // The waiting room listens first and closes last, the application listens then: on this port nobody else does.
    const port = await freePort();
    const signalling = before(`
      import { Server } from 'node:net';
      let listens = 0;
      const { listen, close } = Server.prototype;
      const signal = () => process.emit('SIGTERM', 'SIGTERM', 15);
      Server.prototype.listen = function (...args) {
        const isOurs = args[0]?.port === ${port} || args[0] === ${port};
        if (isOurs && ++listens === 2 && '${method}' === 'listen') signal();
        return listen.apply(this, args);
      };
      let closed = false;
      Server.prototype.close = function (...args) {
        if (listens === 1 && !closed && '${method}' === 'close') { closed = true; signal(); }
        return close.apply(this, args);
      };`);
    const gateway = beginGateway({
      ...environment(),
      ...signalling,
      PORT: String(port),
      CEREBRO_DATABASE_WAIT: '5s',
    });
    const { code, stderr, stdout } = await gateway.ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('"signal":"SIGTERM"');
    expect(stdout).toContain('"msg":"stopped"');
    expect(stdout).not.toContain('Try it');
  });
});

describe('a stop in which something never closes', { timeout: 60_000 }, () => {
  it('ends within its margin with 1, and says what was left (H7)', async () => {
    const gateway = await start({
      ...before(`import { Server } from 'node:net'; Server.prototype.close = function () { return this; };`),
      CEREBRO_DRAIN_TIMEOUT: '0',
    });
    running.delete(gateway);
    const { code, stdout } = await gateway.end('SIGTERM');
    expect(stdout).toContain('"msg":"not closed in time","left":["the application"]');
    expect(stdout).toContain('"msg":"stopped"');
    expect(code).toBe(1);
  });
});
