// Tries the image: PostgreSQL and a Replicate stand-in on loopback, the image's own command between them.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasNamespaces, residentMebibytes, startContainer } from './container.mjs';
import { differences, inventory } from './tree.mjs';

const READY_LIMIT = 60_000;
const ANSWER = 'A red bicycle.';
/** Shorter than in production, where load balancers have to notice; both in seconds. */
const SHUTDOWN_DELAY = 1;
const DRAIN_TIMEOUT = 10;

/**
 * Tries an image.
 *
 * @param {{ image: import('./carry-out.mjs').Built, tools: string, work: string, nodeFolder: string,
 *   check: (title: string, holds: boolean, detail?: string) => void, report: (title: string, value: string) => void
 * }} options `tools` is a folder with a built Cerebro and its development dependencies
 */
export async function tryImage({ image, tools, work, nodeFolder, check, report }) {
  const built = (path) => import(pathToFileURL(join(tools, 'dist', path)).href);
  const { openEmbeddedDatabase } = await built('database/embedded/embedded-database.js');
  const { startSandbox } = await built('sandbox/sandbox.js');
  const dataDir = join(work, 'postgres');
  mkdirSync(dataDir, { mode: 0o755 });
  const database = await openEmbeddedDatabase({ dataDir, password: secret(), owner: true });
  const sandbox = await startSandbox({
    model: () => ANSWER,
    fetchPicture: () => Promise.resolve({ status: 200, bytes: new Uint8Array() }),
  });
  try {
    const given = await production({ image, database, sandbox, nodeFolder, work });
    const tree = join(image.folder, image.workdir);
    const before = inventory(tree);
    await wholeLife({ given, check, report, sandbox, first: true });
    await wholeLife({ given, check, report, sandbox, first: false });
    if (hasNamespaces) await stopOfCommand({ given, check });
    const changed = differences(before, inventory(tree));
    check('nothing was written into the code tree', changed.length === 0, changed.slice(0, 5).join(', '));
  } finally {
    await sandbox.close();
    await database.stop();
  }
}

const secret = () => randomBytes(16).toString('hex');

/** The image's own environment, and a production's settings. */
async function production({ image, database, sandbox, nodeFolder, work }) {
  const temporary = join(work, 'tmp');
  mkdirSync(temporary, { mode: 0o1777 });
  const [uid, gid = uid] = (image.user ?? '0').split(':').map(Number);
  const port = await freePort();
  const adminKey = secret();
  const env = {
    ...image.env,
    PATH: `${nodeFolder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    TMPDIR: temporary,
    HOST: '127.0.0.1',
    PORT: String(port),
    DATABASE_URL: database.url,
    REPLICATE_API_TOKEN: 'replay',
    REPLICATE_BASE_URL: sandbox.baseUrl,
    CEREBRO_ADMIN_KEY: adminKey,
    CEREBRO_KEY_PEPPER: secret(),
    CEREBRO_DEFAULT_HARDWARE: 'gpu-l40s',
    CEREBRO_SHUTDOWN_DELAY: `${SHUTDOWN_DELAY}s`,
    CEREBRO_DRAIN_TIMEOUT: `${DRAIN_TIMEOUT}s`,
  };
  const cwd = join(image.folder, image.workdir);
  const command = [...image.entrypoint, ...image.cmd];
  const container = { command, env, cwd, work, temporary, uid, gid };
  return { url: `http://127.0.0.1:${port}`, adminKey, health: image.health, temporary, container };
}

/** From the start to SIGTERM. The first start applies the migrations. */
async function wholeLife({ given, check, report, sandbox, first }) {
  const { url, container } = given;
  const which = first ? 'first start, migrations included' : 'second start';
  const started = performance.now();
  const running = await startContainer(container);
  try {
    const ready = await readiness(url, running);
    check(`/readyz says 200 (${which})`, ready, running.output());
    if (!ready) return;
    report(`from the start to /readyz 200, ${which}`, `${Math.round(performance.now() - started)} ms`);
    if (first) await inService({ given, check, running, sandbox });
    else {
      await sleep(3000);
      report('resident memory at rest', `${residentMebibytes(running.pid)?.toFixed(0)} MiB`);
    }
    const stopping = performance.now();
    running.kill('SIGTERM');
    const code = await Promise.race([
      running.ended,
      sleep((SHUTDOWN_DELAY + DRAIN_TIMEOUT) * 1000, 'no end'),
    ]);
    const took = `${Math.round(performance.now() - stopping)} ms`;
    check(
      'SIGTERM ends it with 0 within the drain limit',
      code === 0,
      `${code} after ${took}\n${running.output()}`,
    );
    if (first) report('from SIGTERM to the end, delay of 1 s included', took);
  } finally {
    if (!running.isOver()) running.kill('SIGKILL');
    await running.ended;
  }
}

async function inService({ given, check, running, sandbox }) {
  const { url, adminKey, health, temporary, container } = given;
  const [file, ...args] = health;
  const probe = spawnSync(file, args, { env: container.env, cwd: container.cwd, encoding: 'utf8' });
  check("the HEALTHCHECK's command ends with 0", probe.status === 0, probe.stderr);
  const post = (path, key, body) =>
    fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const { id } = await (await post('/admin/tenants', adminKey, { name: 'Replay' })).json();
  const { key } = await (await post(`/admin/tenants/${id}/keys`, adminKey, { name: 'replay' })).json();
  const question = { prompt: 'What is this?', image_urls: 'https://example.com/image.jpg', max_tokens: 100 };
  const answer = await post('/v1/completions', key, question);
  const text = await answer.text();
  check(
    'a completion asked with a new tenant key is answered',
    answer.status === 200 && text.includes(ANSWER) && sandbox.requests.length > 0,
    `${answer.status} ${text}\n${running.output()}`,
  );
  const written = readdirSync(hasNamespaces ? `/proc/${running.pid}/root${temporary}` : temporary);
  check('it wrote no temporary files', written.length === 0, written.join(', '));
}

/**
 * The kernel keeps signals without a handler from process 1: a migration that waits, here for a database that says
 * nothing, would not end before SIGKILL.
 */
async function stopOfCommand({ given, check }) {
  const mute = createServer();
  const visited = new Promise((resolve) => mute.once('connection', resolve));
  await new Promise((resolve) => mute.listen(0, '127.0.0.1', resolve));
  const { env, ...rest } = given.container;
  const command = ['node', 'scripts/run.mjs', 'cli', 'migrate'];
  const url = `postgresql://nobody@127.0.0.1:${mute.address().port}/nothing`;
  const running = await startContainer({ ...rest, command, env: { ...env, DATABASE_URL: url } });
  await Promise.race([visited, running.ended]);
  if (!running.isOver()) running.kill('SIGTERM');
  const code = await Promise.race([running.ended, sleep(3000, 'no end')]);
  check('SIGTERM ends a waiting migration, as process 1', code === 143, `${code}\n${running.output()}`);
  if (!running.isOver()) running.kill('SIGKILL');
  // Its connections end with the process.
  mute.close();
}

async function readiness(url, running) {
  const limit = performance.now() + READY_LIMIT;
  while (!running.isOver() && performance.now() < limit) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return true;
    await sleep(10);
  }
  return false;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
