// What keys, limits and revocation cost and keep, with two nodes on one PostgreSQL: the speed of a cached key check,
// the time from a revocation on one node to the refusal on the other, and the overshoot of races.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { performance } from 'node:perf_hooks';
import { Agent, request, setGlobalDispatcher } from 'undici';
import { startSandbox } from '../../dist/sandbox/sandbox.js';
import { admin } from './admin.mjs';
import { greeting, startServer } from './processes.mjs';

const REVOCATIONS = 200;
const CHECKS = 300_000;
const adminKey = 'bench-admin-key-0123456789';
const here = dirname(fileURLToPath(import.meta.url));
const dataDir = mkdtempSync(join(tmpdir(), 'cerebro-bench-'));
chmodSync(dataDir, 0o755);
setGlobalDispatcher(new Agent({ connections: 256 }));
const started = [];

try {
  const [databaseUrl, database] = await startDatabase();
  started.push(database);
  const sandbox = await startSandbox({
    model: () => 'A red bicycle.',
    fetchPicture: () => Promise.resolve({ status: 200, bytes: new Uint8Array() }),
    // Longer than a burst, so that nothing ends within one.
    run: 3000,
  });
  started.push({ stop: () => sandbox.close() });
  const nodes = [await startNode(0, databaseUrl, sandbox), await startNode(1, databaseUrl, sandbox)];
  started.push(...nodes);
  console.log(`Node ${process.version}, two nodes`);
  await checks(databaseUrl);
  await revocations(nodes);
  await races(nodes, sandbox);
} finally {
  for (const server of started.reverse()) await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function startDatabase() {
  const server = await startServer({
    core: 1,
    args: [join(here, 'database.mjs'), join(dataDir, 'database')],
    ready: (output) => {
      const url = /^database (\S+)$/m.exec(output)?.[1];
      return url && { url };
    },
  });
  return [server.url, server];
}

function startNode(index, databaseUrl, sandbox) {
  return startServer({
    core: index,
    args: [join(here, '..', '..', 'scripts', 'run.mjs'), 'main'],
    env: {
      PORT: '0',
      CEREBRO_DATA_DIR: dataDir,
      CEREBRO_ADMIN_KEY: adminKey,
      CEREBRO_KEY_PEPPER: 'bench-pepper-0123456789',
      // Each revocation brings a wrong key.
      CEREBRO_FAILED_AUTH_PER_MINUTE: '1000000',
      CEREBRO_DEFAULT_HARDWARE: 'gpu-l40s',
      CEREBRO_CREATES_PER_MINUTE: '1000000',
      CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS: new URL(sandbox.baseUrl).host,
      REPLICATE_API_TOKEN: 'bench',
      REPLICATE_BASE_URL: sandbox.baseUrl,
      NODE_ENV: '',
      LOG_LEVEL: 'error',
      DATABASE_URL: databaseUrl,
    },
    ready: greeting,
  });
}

/** The authenticator itself, on a key that it remembers. */
async function checks(databaseUrl) {
  const { NestFactory } = await import('@nestjs/core');
  const { SettingsModule } = await import('../../dist/config/config.module.js');
  const { parseSettings } = await import('../../dist/config/settings.js');
  const { DatabaseModule } = await import('../../dist/database/database.module.js');
  const { AuthModule } = await import('../../dist/auth/auth.module.js');
  const { Authenticator } = await import('../../dist/auth/authenticator.service.js');
  const settings = { ...parseSettings({}), databaseUrl, adminKey, keyPepper: 'bench-pepper-0123456789' };
  class Root {}
  const imports = [
    SettingsModule.forRoot(settings),
    DatabaseModule.forRoot({ url: databaseUrl, poolSize: 2 }),
    AuthModule,
  ];
  const app = await NestFactory.createApplicationContext({ module: Root, imports }, { logger: false });
  const authenticator = app.get(Authenticator);
  const tenant = await admin(started.at(-1).url, adminKey, '/admin/tenants', { body: { name: 'Checks' } });
  const { key } = await admin(started.at(-1).url, adminKey, `/admin/tenants/${tenant.id}/keys`, {
    body: { name: 'checks' },
  });
  const header = `Bearer ${key}`;
  await authenticator.authenticate(header, '127.0.0.1');
  let promises = 0;
  for (const round of ['warm-up', 'measured']) {
    const begun = performance.now();
    for (let check = 0; check < CHECKS; check++) {
      if (authenticator.authenticate(header, '127.0.0.1') instanceof Promise) promises++;
    }
    const each = ((performance.now() - begun) * 1000) / CHECKS;
    if (round === 'measured')
      console.log(
        `a cached key check: ${each.toFixed(2)} µs; of ${2 * CHECKS}, ${promises} asked the database`,
      );
  }
  await app.close();
}

/** From the answer to a DELETE on one node to the first refusal on the other. */
async function revocations([a, b]) {
  const tenant = await admin(a.url, adminKey, '/admin/tenants', { body: { name: 'Revocations' } });
  const sinceAsked = [];
  const sinceDone = [];
  for (let round = 0; round < REVOCATIONS; round++) {
    const made = await admin(a.url, adminKey, `/admin/tenants/${tenant.id}/keys`, {
      body: { name: 'short' },
    });
    const use = async () => {
      const answer = await request(`${b.url}/v1/models`, {
        headers: { authorization: `Bearer ${made.key}` },
      });
      await answer.body.dump();
      return answer.statusCode;
    };
    const before = await use();
    if (before !== 200) throw new Error(`the key does not work: ${before}`);
    const asked = performance.now();
    let done = Infinity;
    const revoked = admin(a.url, adminKey, `/admin/tenants/${tenant.id}/keys/${made.id}`, {
      method: 'DELETE',
    }).then(() => (done = performance.now()));
    while ((await use()) === 200);
    const refused = performance.now();
    await revoked;
    sinceAsked.push(refused - asked);
    sinceDone.push(Math.max(0, refused - done));
  }
  for (const [what, times] of [
    ['asked for', sinceAsked],
    ['answered', sinceDone],
  ]) {
    const sorted = times.toSorted((x, y) => x - y);
    const [median, worst] = [sorted[REVOCATIONS / 2], sorted.at(-1)].map((ms) => ms.toFixed(1));
    console.log(
      `revoked on A, refused on B, ms since it was ${what}: median ${median}, worst ${worst} of ${REVOCATIONS}`,
    );
  }
}

/** Bursts over both nodes against limits that leave room for a few. */
async function races(nodes, sandbox) {
  const burst = async (limits, calls) => {
    const tenant = await admin(nodes[0].url, adminKey, '/admin/tenants', { body: { name: 'Race', limits } });
    const { key } = await admin(nodes[0].url, adminKey, `/admin/tenants/${tenant.id}/keys`, {
      body: { name: 'race' },
    });
    const before = sandbox.bill.entries.length;
    await Promise.all(
      Array.from({ length: calls }, async (_, index) => {
        const answer = await request(`${nodes[index % 2].url}/v1/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body: JSON.stringify({ prompt: `${index}`, image_urls: 'https://example.com/image.jpg' }),
        });
        await answer.body.dump();
      }),
    );
    return { calls, creates: sandbox.bill.entries.length - before };
  };
  // The most that a call can cost: 601 seconds of an L40S.
  const most = 0.585_975;
  const rows = [
    ['budget with room for', 10, { total_budget_usd: Number((most * 10).toFixed(6)) }],
    ['requests a minute', 50, { requests_per_minute: 50 }],
    ['predictions at the same time', 20, { max_concurrency: 20 }],
  ];
  const table = {};
  for (const [what, room, limits] of rows) {
    const { calls, creates } = await burst(limits, 200);
    table[`${what} ${room}`] = { calls, creates, overshoot: Math.max(0, creates - room) };
  }
  console.table(table);
}
