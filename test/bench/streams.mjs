// What a thousand streams at once cost a gateway in its own process: lost streams, wrong texts, memory, lateness of
// its event loop. The sandbox streams from another process; with `sandbox` as its argument this file is that process.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { greeting, pinned, startServer } from './processes.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const count = Number(process.env.BENCH_STREAMS ?? 1000);
const seconds = Number(process.env.BENCH_SECONDS ?? 10);

/** Pieces of an answer. */
const PIECES = Number(process.env.BENCH_PIECES ?? 50);

/** Streams before the memory is read that the others are held against. */
const WARM_UP = 20;

const CASES = [
  {
    name: 'a model that streams',
    course: { run: seconds * 1000 },
    path: '/v1/chat/completions',
    body: (prompt) => ({
      model: 'meta/meta-llama-3-8b-instruct',
      messages: [{ role: 'user', content: prompt }],
      max_completion_tokens: 20 * PIECES,
    }),
  },
  {
    name: 'the default model, with heartbeats',
    course: { boot: seconds * 500, run: seconds * 500 },
    path: '/v1/completions',
    body: (prompt) => ({ prompt, image_urls: 'https://example.com/image.jpg' }),
  },
];

await (process.argv[2] === 'sandbox' ? beSandbox() : measure());

/** The answer to a question: other words for each, so that a mixed-up stream is seen. */
function answerTo(prompt) {
  const number = /question (\d+)/.exec(prompt)?.[1];
  return Array.from({ length: PIECES }, (_, piece) => `${number}.${piece}`).join(' ');
}

async function beSandbox() {
  const { startSandbox } = await import('../../dist/sandbox/sandbox.js');
  const sandbox = await startSandbox({
    ...JSON.parse(process.argv[3]),
    heldPredictions: 100_000,
    model: ({ input, prompt = input?.prompt }) => answerTo(String(prompt)),
    fetchPicture: () => Promise.resolve({ status: 200, bytes: new Uint8Array() }),
  });
  process.on('SIGTERM', () => void sandbox.close().then(() => process.exit(0)));
  process.stdout.write(`sandbox ${sandbox.baseUrl}\n`);
}

async function measure() {
  const dataDir = mkdtempSync(join(tmpdir(), 'cerebro-bench-'));
  // An embedded database that root starts runs as another user, who has to get through.
  chmodSync(dataDir, 0o755);
  const database = await startServer({
    core: 1,
    args: [join(here, 'database.mjs'), join(dataDir, 'database')],
    ready: (output) => /^database (\S+)$/m.exec(output)?.slice(1),
  });
  try {
    console.log(
      `Node ${process.version}, ${pinned ? 'gateway alone on its core, the sandbox on the other' : 'cores shared'}`,
    );
    const rows = {};
    for (const one of CASES) rows[one.name] = await measureCase(one, { databaseUrl: database[0], dataDir });
    console.table(transposed(rows));
  } finally {
    await database.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measureCase({ course, path, body }, { databaseUrl, dataDir }) {
  const sandbox = await startServer({
    core: 1,
    args: [fileURLToPath(import.meta.url), 'sandbox', JSON.stringify(course)],
    ready: (output) => {
      const url = /^sandbox (\S+)$/m.exec(output)?.[1];
      return url && { url };
    },
  });
  let gateway;
  try {
    gateway = await startServer({
      core: 0,
      args: [
        '--expose-gc',
        ...(process.env.BENCH_NODE_OPTIONS?.split(' ') ?? []),
        '--import',
        join(here, 'streams-probe.mjs'),
        join(here, '..', '..', 'scripts', 'run.mjs'),
        'main',
      ],
      env: {
        PORT: '0',
        CEREBRO_DATA_DIR: dataDir,
        REPLICATE_API_TOKEN: 'bench',
        REPLICATE_BASE_URL: sandbox.url,
        // Limits of Replicate's and of operators, which are no part of what is measured.
        CEREBRO_CREATES_PER_MINUTE: '1000000',
        CEREBRO_MODEL_CONCURRENCY: '100000',
        CEREBRO_MODELS: '*',
        CEREBRO_STREAM_HEARTBEAT: '1s',
        LOG_LEVEL: 'warn',
        NODE_ENV: '',
        DATABASE_URL: databaseUrl,
      },
      ready: (output) => {
        const probe = /Probe (\S+)/.exec(output)?.[1];
        const found = greeting(output);
        return probe && found && { ...found, probe };
      },
    });
    let number = 0;
    const ask = (streams) =>
      Promise.all(
        Array.from({ length: streams }, () => {
          const prompt = `question ${number++}`;
          return stream(gateway, path, { ...body(prompt), stream: true }, answerTo(prompt));
        }),
      );
    await ask(WARM_UP);
    const { now: empty } = await probe(process.env.BENCH_GC ? `${gateway.probe}/collect` : gateway.probe);
    const { now: before } = await probe(`${gateway.probe}/reset`);
    const started = performance.now();
    const asking = ask(count);
    const inUse = process.env.BENCH_GC && (await inTheMiddle(gateway.probe));
    const ends = await asking;
    const duration = (performance.now() - started) / 1000;
    const { peak, lag, cpu } = await probe(gateway.probe);
    const { now: after } = await probe(`${gateway.probe}/collect`);
    const settled = await settledOf(databaseUrl, number);
    return {
      streams: count,
      lost: ends.filter(({ isDone }) => !isDone).length,
      'wrong texts': ends.filter(({ isDone, isRight }) => isDone && !isRight).length,
      heartbeats: ends.reduce((sum, { heartbeats }) => sum + heartbeats, 0),
      'lines in the ledger without an end': number - settled,
      'RSS before, MB': megabytes(before.rss),
      'RSS at its peak, MB': megabytes(peak.rss),
      'RSS afterwards, MB': megabytes(after.rss),
      'kB per stream': Math.round((peak.rss - before.rss) / 1024 / count),
      '  of it heap': Math.round((peak.heapTotal - before.heapTotal) / 1024 / count),
      '  of it external': Math.round((peak.external - before.external) / 1024 / count),
      'heap in use, before → peak, MB': `${megabytes(before.heapUsed)} → ${megabytes(peak.heapUsed)}`,
      ...(inUse && {
        'in use in the middle, kB per stream': Math.round((inUse.heapUsed - empty.heapUsed) / 1024 / count),
        '  external': Math.round((inUse.external - empty.external) / 1024 / count),
        '  RSS': Math.round((inUse.rss - empty.rss) / 1024 / count),
      }),
      'CPU of the gateway, s': Number((cpu / 1e6).toFixed(1)),
      'event loop p99, ms late': Math.round(lag.p99 - 10),
      'event loop at worst, ms late': Math.round(lag.max - 10),
      'duration, s': Number(duration.toFixed(1)),
    };
  } finally {
    await gateway?.stop();
    await sandbox.stop();
  }
}

/** Reads one stream to its end, on a connection of its own. */
function stream({ url, key }, path, body, expected) {
  return new Promise((resolve) => {
    let text = '';
    const end = () => resolve(judged(text, expected));
    const asking = request(
      url + path,
      {
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      },
      (answer) => {
        answer.setEncoding('utf8');
        answer.on('data', (chunk) => (text += chunk));
        answer.on('error', end);
        answer.on('close', end);
      },
    );
    asking.on('error', (error) => {
      text += error.message;
      end();
    });
    asking.end(JSON.stringify(body));
  });
}

function judged(text, expected) {
  const lines = text.split('\n');
  const isDone = lines.includes('data: [DONE]');
  if (!isDone && process.env.BENCH_VERBOSE) console.log(text.slice(-300));
  const said = lines
    .filter((line) => line.startsWith('data: {'))
    .flatMap((line) => JSON.parse(line.slice(6)).choices ?? [])
    .map(({ text: piece, delta }) => piece ?? delta?.content ?? '');
  const heartbeats = lines.filter((line) => line.startsWith(':')).length;
  return { isDone, isRight: said.join('') === expected, heartbeats };
}

/** What is really in use while all streams run; the collection that finds it out lowers the peak. */
async function inTheMiddle(url) {
  await new Promise((resolve) => setTimeout(resolve, seconds * 600));
  return (await probe(`${url}/collect`)).now;
}

async function probe(url) {
  return (await fetch(url)).json();
}

/** How many of the newest predictions have their end in the ledger; waits for the last of them. */
async function settledOf(databaseUrl, expected) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (let look = 0; ; look++) {
      const { rows } = await client.query(
        "WITH ours AS (SELECT * FROM predictions ORDER BY id DESC LIMIT $1) SELECT count(*)::int AS settled FROM ours WHERE state = 'succeeded' AND settled_at IS NOT NULL",
        [expected],
      );
      if (rows[0].settled === expected || look === 100) return rows[0].settled;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await client.end();
  }
}

function megabytes(bytes) {
  return Math.round(bytes / 1024 / 1024);
}

/** `console.table` has one row for each key; cases are better read beside each other. */
function transposed(rows) {
  const names = Object.keys(Object.values(rows)[0]);
  return Object.fromEntries(
    names.map((name) => [
      name,
      Object.fromEntries(Object.entries(rows).map(([row, all]) => [row, all[name]])),
    ]),
  );
}
