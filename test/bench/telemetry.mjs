// What being watched costs: the same server without instruments, with metrics, and with traces besides, in one run.
// Also how long it takes to start, and its memory at rest and under load.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { load, tool } from './load.mjs';
import { greeting, pinned, startServer } from './processes.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, '..', '..', 'dist', 'main.js');
const seconds = Number(process.env.BENCH_SECONDS ?? 8);
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const connections = 64;
const body = JSON.stringify({
  prompt: 'Describe the image.',
  image_urls: 'https://example.com/image.jpg',
  max_tokens: 1000,
});

const dataDir = mkdtempSync(join(tmpdir(), 'cerebro-bench-'));
// An embedded database that root starts runs as another user, who has to get through.
chmodSync(dataDir, 0o755);
const started = [];
const start = async (options) => {
  const server = await startServer(options);
  started.push(server);
  return server;
};
const address = (output) => /^(http:\/\/\S+)$/m.exec(output)?.slice(1);

const megabytes = async (url) => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Math.round(Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]) / 1e6);
};

try {
  const [stub] = Object.values(await start({ core: 1, args: [join(here, 'stub.mjs')], ready: address }));
  const [collector] = Object.values(
    await start({ core: 1, args: [join(here, 'collector.mjs')], ready: address }),
  );
  const [databaseUrl] = Object.values(
    await start({
      core: 1,
      args: [join(here, 'database.mjs'), join(dataDir, 'database')],
      ready: (output) => /^database (\S+)$/m.exec(output)?.slice(1),
    }),
  );
  const cerebro = async (env = {}, options = []) => {
    const begun = performance.now();
    const server = await start({
      core: 0,
      args: [...options, main],
      env: {
        PORT: '0',
        CEREBRO_DATA_DIR: dataDir,
        REPLICATE_API_TOKEN: 'bench',
        REPLICATE_BASE_URL: `${stub}/v1`,
        // Replicate's own limit is no part of what is measured.
        CEREBRO_CREATES_PER_MINUTE: '1000000',
        NODE_ENV: '',
        DATABASE_URL: databaseUrl,
        ...env,
      },
      ready: greeting,
    });
    return { ...server, startMs: performance.now() - begun };
  };
  const traced = (sampler) => cerebro({ OTEL_EXPORTER_OTLP_ENDPOINT: collector, ...sampler });
  const first = await cerebro();
  const subjects = {
    'with metrics': first,
    'without instruments': await cerebro({}, [
      '--import',
      pathToFileURL(join(here, 'without-metrics.mjs')).href,
    ]),
    'metrics, one trace in ten': await traced({
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
    }),
    'metrics, every request traced': await traced({}),
  };
  const measure = ({ url, key }, duration) =>
    load({
      url: `${url}/v1/completions`,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body,
      connections,
      seconds: duration,
    });
  console.log(
    `${tool}, ${connections} connections, ${rounds} rounds of ${seconds} s, Node ${process.version}, ${pinned ? 'server under test alone on its core' : 'cores shared'}`,
  );
  const atRest = await megabytes(first.url);
  for (const subject of Object.values(subjects)) await measure(subject, 3);
  const samples = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const [name, subject] of Object.entries(subjects))
      samples[name].push(await measure(subject, seconds));
  const base = middle(samples['without instruments']).rps;
  console.table(
    Object.fromEntries(
      Object.entries(samples).map(([name, of]) => {
        const { rps, p50, p99 } = middle(of);
        return [name, { 'requests/s': Math.round(rps), ratio: (rps / base).toFixed(3), p50, p99 }];
      }),
    ),
  );
  console.log(
    `Start to ready ${Math.round(first.startMs)} ms (first, with migrations); memory ${atRest} MB at rest, ${await megabytes(first.url)} MB after the load`,
  );
  const again = await cerebro();
  console.log(`Start to ready ${Math.round(again.startMs)} ms (second)`);
} finally {
  for (const server of started.reverse()) await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

/** The round in the middle by throughput. */
function middle(samples) {
  if (samples.some(({ failed }) => failed > 0))
    throw new Error(`requests failed: ${JSON.stringify(samples)}`);
  return samples.toSorted((a, b) => a.rps - b.rps)[Math.floor(samples.length / 2)];
}
