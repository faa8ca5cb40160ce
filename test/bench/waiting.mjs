// What callers wait beyond Replicate's own end of a prediction, by the way on which the gateway learns of it. The
// sandbox notes when each prediction ended; sandbox, gateway and caller share one clock.
import { startSandbox } from '../../dist/sandbox/sandbox.js';
import { greeting, startServer } from './processes.mjs';

const count = Number(process.env.BENCH_WAITS ?? 40);

/** A prediction takes so long, in milliseconds: past the short hold where the line is not held to the end. */
const [SHORTEST, LONGEST] = [400, 3000];

const WAYS = [
  { way: 'line held', sandbox: { streams: false } },
  { way: 'polled', sandbox: { streams: false, maxHold: 50 } },
  { way: 'stream', sandbox: { streams: true, maxHold: 50 } },
  { way: 'webhook', sandbox: { streams: false, maxHold: 50 }, webhooks: true },
];

/** Measures every way, one after the other, and prints a table. */
export async function measureWaiting({ databaseUrl, dataDir, port }) {
  const rows = {};
  for (const { way, sandbox, webhooks } of WAYS) {
    const replicate = await startSandbox({ ...sandbox, model: () => 'A red bicycle.', fetchPicture });
    const gateway = await startServer({
      core: 0,
      args: [new URL('../../scripts/run.mjs', import.meta.url).pathname, 'main'],
      env: {
        PORT: String(port),
        CEREBRO_DATA_DIR: dataDir,
        CEREBRO_CREATES_PER_MINUTE: '1000000',
        REPLICATE_API_TOKEN: 'bench',
        REPLICATE_BASE_URL: replicate.baseUrl,
        NODE_ENV: '',
        DATABASE_URL: databaseUrl,
        ...(webhooks && { CEREBRO_PUBLIC_URL: `http://127.0.0.1:${port}` }),
      },
      ready: greeting,
    });
    rows[way] = summary(await ask(gateway, replicate));
    await gateway.stop();
    await replicate.close();
  }
  console.log(
    `\nwait beyond the end of a prediction, ${count} predictions of ${SHORTEST}-${LONGEST} ms each, ms`,
  );
  console.table(rows);
  return rows;
}

function fetchPicture() {
  return Promise.resolve({ status: 200, bytes: new Uint8Array() });
}

async function ask({ url, key }, replicate) {
  const waits = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const prompt = `question ${index}.`;
      const boot = SHORTEST + Math.round(((LONGEST - SHORTEST) * index) / count);
      replicate.script({ match: { inputIncludes: prompt }, boot });
      const answer = await fetch(`${url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ prompt, image_urls: 'https://example.com/image.jpg' }),
      });
      const { id } = await answer.json();
      const arrived = Date.now();
      const entry = replicate.bill.entries.find(({ predictionId }) => predictionId === id);
      return arrived - Date.parse(entry.completedAt);
    }),
  );
  return waits.sort((a, b) => a - b);
}

function summary(waits) {
  return { median: waits[Math.floor(waits.length / 2)], worst: waits.at(-1) };
}
