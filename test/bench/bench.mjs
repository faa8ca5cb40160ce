// What a request costs: Cerebro with everything on against a bare Fastify that only forwards, in one run on
// one machine. Absolute numbers are the machine's; the ratio is Cerebro's.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load, tool } from './load.mjs';
import { makeKey } from './admin.mjs';
import { greeting, pinned, startServer } from './processes.mjs';
import { measureWaiting } from './waiting.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const seconds = Number(process.env.BENCH_SECONDS ?? 8);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const body = JSON.stringify({
  prompt: 'Describe the image.',
  image_urls: 'https://example.com/image.jpg',
  max_tokens: 1000,
  temperature: 0.7,
  do_sample: true,
});

const adminKey = 'bench-admin-key-0123456789';

const address = (output) => {
  const url = /^(http:\/\/\S+)$/m.exec(output)?.[1];
  return url && { url };
};

const dataDir = mkdtempSync(join(tmpdir(), 'cerebro-bench-'));
// An embedded database that root starts runs as another user, who has to get through.
chmodSync(dataDir, 0o755);
const started = [];
const start = async (options) => {
  const server = await startServer(options);
  started.push(server);
  return server;
};

try {
  const stub = await start({ core: 1, args: [join(here, 'stub.mjs')], ready: address });
  const database = await start({
    core: 1,
    args: [join(here, 'database.mjs'), join(dataDir, 'database')],
    ready: (output) => /^database (\S+)$/m.exec(output)?.slice(1),
  });
  const databaseUrl = database[0];
  const bare = await start({ core: 0, args: [join(here, 'bare.mjs'), stub.url], ready: address });
  const cerebro = await start({
    core: 0,
    args: [join(here, '..', '..', 'scripts', 'run.mjs'), 'main'],
    env: {
      PORT: '0',
      CEREBRO_DATA_DIR: dataDir,
      REPLICATE_API_TOKEN: 'bench',
      REPLICATE_BASE_URL: `${stub.url}/v1`,
      // Replicate's own limit is no part of what is measured.
      CEREBRO_CREATES_PER_MINUTE: '1000000',
      CEREBRO_DEFAULT_HARDWARE: 'gpu-l40s',
      CEREBRO_ADMIN_KEY: adminKey,
      NODE_ENV: '',
      DATABASE_URL: databaseUrl,
    },
    ready: greeting,
  });
  // Every limit that there is, none of which is reached.
  const limits = {
    requests_per_minute: 1_000_000_000,
    tokens_per_minute: 1_000_000_000,
    max_concurrency: 1_000_000,
    monthly_budget_usd: 10_000_000,
    total_budget_usd: 10_000_000,
  };
  const limited = { url: cerebro.url, key: await makeKey(cerebro.url, adminKey, limits) };
  const measure = ({ url, key }, connections, duration) =>
    load({
      url: `${url}/v1/completions`,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body,
      connections,
      seconds: duration,
    });

  console.log(
    `${tool}, ${rounds} rounds of ${seconds} s, Node ${process.version}, ${pinned ? 'server under test alone on its core' : 'cores shared'}`,
  );
  for (const subject of [bare, cerebro, limited]) await measure(subject, 64, 3);
  const results = [];
  for (const connections of [1, 64]) {
    const samples = { bare: [], cerebro: [], limited: [] };
    for (let round = 0; round < rounds; round++) {
      samples.bare.push(await measure(bare, connections, seconds));
      samples.cerebro.push(await measure(cerebro, connections, seconds));
      samples.limited.push(await measure(limited, connections, seconds));
    }
    results.push(report(connections, samples));
  }
  await started.pop().stop();
  const waiting = await measureWaiting({ databaseUrl, dataDir, port: 4517 });
  if (process.env.BENCH_OUTPUT)
    writeFileSync(process.env.BENCH_OUTPUT, `${JSON.stringify({ results, waiting }, null, 2)}\n`);
} finally {
  for (const server of started.reverse()) await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

function report(connections, samples) {
  const bare = middle(samples.bare);
  const cerebro = middle(samples.cerebro);
  const limited = middle(samples.limited);
  const ratio = cerebro.rps / bare.rps;
  const limitsRatio = limited.rps / cerebro.rps;
  console.log(`\n${connections} connection${connections > 1 ? 's' : ''}`);
  console.table({
    'bare Fastify + undici': rounded(bare),
    'Cerebro, key without limits': rounded(cerebro),
    'Cerebro, every limit and budget on': rounded(limited),
  });
  console.log(`Cerebro / bare: ${ratio.toFixed(2)}; with limits / without: ${limitsRatio.toFixed(2)}`);
  return { connections, bare, cerebro, limited, ratio, limitsRatio };
}

/** The round in the middle by throughput. */
function middle(samples) {
  if (samples.some(({ failed }) => failed > 0))
    throw new Error(`requests failed: ${JSON.stringify(samples)}`);
  return samples.toSorted((a, b) => a.rps - b.rps)[Math.floor(samples.length / 2)];
}

function rounded({ rps, p50, p99 }) {
  return {
    'requests/s': Math.round(rps),
    'p50 ms': Number(p50.toFixed(2)),
    'p99 ms': Number(p99.toFixed(2)),
  };
}
