// A million lines of the ledger, settled as the gateway settles them: what that takes, whether the rollups that it
// keeps are the ledger to the request and the nano-dollar, and what questions about usage take from either.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrationsFolder } from '../../dist/database/migration-files.js';
import { applyMigrations } from '../../dist/database/migrations.js';
import { PrismaService } from '../../dist/database/prisma.service.js';
import { TenantDatabase } from '../../dist/database/tenant-database.js';
import { LedgerRepository } from '../../dist/metering/ledger.repository.js';
import { UsageRepository } from '../../dist/metering/usage.repository.js';
import { startServer } from './processes.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const lines = Number(process.env.BENCH_LINES ?? 1_000_000);

/** Predictions of one statement, as a busy node settles them. */
const BATCH = Number(process.env.BENCH_BATCH ?? 500);
const TENANTS = 10;
const KEYS = 5;
const MODELS = 4;
const DAYS = 120;

/** The sums of a rollup, out of the ledger. */
const SUMS = `count(*) AS predictions, count(*) FILTER (WHERE state = 'succeeded') AS succeeded, sum(images) AS images,
  COALESCE(sum(prompt_tokens), 0) AS prompt_tokens, COALESCE(sum(completion_tokens), 0) AS completion_tokens,
  COALESCE(sum(run_time_us), 0) AS run_time_us, COALESCE(sum(cost_nanos), 0) AS cost_nanos,
  sum(CASE WHEN billing = 'unknown' THEN COALESCE(held_nanos, 0) ELSE 0 END) AS uncertain_nanos,
  count(*) FILTER (WHERE billing = 'unpriced') AS unpriced`;

const dataDir = mkdtempSync(join(tmpdir(), 'cerebro-bench-'));
// An embedded database that root starts runs as another user, who has to get through.
chmodSync(dataDir, 0o755);
const database = await startServer({
  core: 1,
  args: [join(here, 'database.mjs'), join(dataDir, 'database')],
  ready: (output) => /^database (\S+)$/m.exec(output)?.slice(1),
});
const url = database[0];
const session = new pg.Client({ connectionString: url });
let prisma;
try {
  await applyMigrations({ url, folder: migrationsFolder });
  await session.connect();
  const results = { lines, ...(await fill()), ...(await settle()), ...(await compare()) };
  prisma = new PrismaService({ url, poolSize: 2 });
  console.table({ ...results, ...(await ask(new TenantDatabase(prisma))) });
  const wrong = Object.entries(results).filter(
    ([name, value]) => name.startsWith('differences') && value !== 0,
  );
  if (wrong.length > 0) process.exitCode = 1;
} finally {
  await prisma?.$disconnect();
  await session.end();
  await database.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

/** Intents of the last months, spread over tenants, keys and models, and their accounts. */
async function fill() {
  await session.query(`
    INSERT INTO tenants (id, name) SELECT 'ten_' || t, 'bench' FROM generate_series(1, ${TENANTS}) t;
    INSERT INTO api_keys (id, tenant_id, name, hash, display, account_id)
      SELECT 'key_' || t || '_' || k, 'ten_' || t, 'bench', decode(md5(t || '_' || k), 'hex'), '', 'key_' || t || '_' || k
      FROM generate_series(1, ${TENANTS}) t, generate_series(1, ${KEYS}) k`);
  const seconds = await timed(() =>
    session.query(`
      INSERT INTO predictions (id, tenant_id, key_id, account_id, held_nanos, request_id, fingerprint, model, upstream,
        input_digest, images, prompt_tokens, state, upstream_id, deadline_at, created_at)
      SELECT 'prd_' || lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || substr(md5(n::text), 1, 20),
        'ten_' || t, 'key_' || t || '_' || k, 'key_' || t || '_' || k, 1000000000 + n, 'req_' || n, '\\x00', 'model-' || m,
        'owner/model', '\\x00', n % 3, n % 997, 'sent', md5(n::text), at + interval '10 minutes', at
      FROM (
        SELECT n, 1 + n % ${TENANTS} AS t, 1 + (n / 7) % ${KEYS} AS k, 1 + (n / 3) % ${MODELS} AS m,
          now() - (n::float8 / ${lines}) * interval '${DAYS} days' AS at
        FROM generate_series(1, ${lines}) n) rows;
      INSERT INTO accounts (id, tenant_id, running, month, month_held, total_held)
      SELECT u.id, min(p.tenant_id), count(*), month_of(now()),
        COALESCE(sum(p.held_nanos) FILTER (WHERE month_of(p.created_at) = month_of(now())), 0), sum(p.held_nanos)
      FROM predictions p, unnest(ARRAY[p.tenant_id, p.account_id]) AS u(id) GROUP BY u.id`),
  );
  await session.query('VACUUM ANALYZE');
  return { 'intents written, s': seconds };
}

/** Ends of all kinds, batch by batch in the order of their beginnings. */
async function settle() {
  const { rows } = await session.query('SELECT id FROM predictions ORDER BY id');
  let settled = 0;
  const seconds = await timed(async () => {
    for (let from = 0; from < rows.length; from += BATCH) {
      const items = rows.slice(from, from + BATCH).map(({ id }, i) => end(id, from + i));
      const { rowCount } = await session.query('SELECT settle_predictions($1::jsonb)', [
        JSON.stringify(items),
      ]);
      settled += rowCount;
    }
  });
  if (settled !== lines) throw new Error(`${settled} of ${lines} were settled`);
  return { 'settled, s': seconds, 'settled in a second': Math.round(lines / seconds) };
}

function end(id, n) {
  const common = { id, state: 'succeeded', run_time_us: (n % 5000) * 1009, completion_tokens: n % 211 };
  if (n % 20 === 0) return { ...common, state: 'unknown', billing: 'unknown', run_time_us: null };
  if (n % 20 === 1) return { ...common, billing: 'unpriced' };
  if (n % 20 === 2)
    return { ...common, state: 'failed', billing: 'nothing', cost_nanos: '0', run_time_us: null };
  return { ...common, billing: 'run_time', cost_nanos: String(1_000_003 * (n % 911) + 1) };
}

/** Rows of the rollups and the accounts that are not what the ledger says. */
async function compare() {
  await session.query('VACUUM ANALYZE');
  const found = {};
  for (const [unit, width] of Object.entries({ minute: 60, hour: 3600, day: 86_400 })) {
    const { rows } = await session.query(`
      WITH kept AS (SELECT * FROM usage_rollups WHERE width = ${width}), told AS (
        SELECT tenant_id, date_trunc('${unit}', created_at, 'UTC') AS bucket, key_id, model, ${SUMS}
        FROM predictions GROUP BY 1, 2, 3, 4)
      SELECT count(k.bucket) AS rollups, count(*) FILTER (WHERE (k.predictions, k.succeeded, k.images, k.prompt_tokens,
          k.completion_tokens, k.run_time_us, k.cost_nanos, k.uncertain_nanos, k.unpriced) IS DISTINCT FROM (
          t.predictions, t.succeeded, t.images, t.prompt_tokens, t.completion_tokens, t.run_time_us, t.cost_nanos,
          t.uncertain_nanos, t.unpriced)) AS wrong, sum(k.predictions) AS predictions
      FROM kept k FULL JOIN told t USING (tenant_id, bucket, key_id, model)`);
    found[`rollups by the ${unit}`] = Number(rows[0].rollups);
    found[`differences by the ${unit}`] =
      Number(rows[0].wrong) + Math.abs(Number(rows[0].predictions) - lines);
  }
  const { rows } = await session.query(`
    SELECT count(*) FILTER (WHERE a.running <> 0 OR a.total_held <> 0 OR a.month_held <> 0 OR a.total_spent <> t.total
      OR a.month_spent <> t.month) AS wrong
    FROM accounts a FULL JOIN (
      SELECT u.id, sum(p.spent) AS total,
        COALESCE(sum(p.spent) FILTER (WHERE month_of(p.created_at) = month_of(now())), 0) AS month
      FROM (SELECT *, CASE WHEN billing = 'unknown' THEN held_nanos ELSE COALESCE(cost_nanos, 0) END AS spent
        FROM predictions) p, unnest(ARRAY[p.tenant_id, p.account_id]) AS u(id) GROUP BY u.id) t USING (id)`);
  return { ...found, 'differences of accounts': Number(rows[0].wrong) };
}

/** Medians, in milliseconds. */
async function ask(tenants) {
  const usage = new UsageRepository(tenants);
  const ledger = new LedgerRepository(tenants);
  const day = 86_400;
  const now = Math.ceil(Date.now() / 1000 / day) * day;
  const from = now - 31 * day;
  const month = { width: day, start: from, end: now };
  const question = { tenantId: 'ten_1', models: [], keyIds: [], limit: 50_001, byKey: true, byModel: true };
  const minutes = { width: 60, start: now - day, end: now };
  const page = { limit: 21, order: 'desc' };
  return {
    'a month by day, key, model, ms': await median(() => usage.read({ ...question, buckets: month })),
    '  the same from the ledger, ms': await median(() =>
      session.query(
        `SELECT date_trunc('day', created_at, 'UTC'), key_id, model, ${SUMS} FROM predictions
        WHERE tenant_id = 'ten_1' AND created_at >= to_timestamp($1) AND created_at < to_timestamp($2) GROUP BY 1, 2, 3`,
        [from, now],
      ),
    ),
    'a day by the minute, ms': await median(() => usage.read({ ...question, buckets: minutes })),
    'a page of the ledger, ms': await median(() => ledger.list('ten_1', page)),
    'its line for a request id, ms': await median(() =>
      ledger.list('ten_1', { ...page, requestId: `req_${lines - 9}` }),
    ),
  };
}

async function median(work) {
  const times = [];
  for (let i = 0; i < 15; i++) times.push(await timed(work, 1));
  return times.sort((a, b) => a - b)[7];
}

async function timed(work, unit = 1000) {
  const start = performance.now();
  await work();
  return Number(((performance.now() - start) / unit).toFixed(1));
}
