// What /metrics says of traffic: exactly what the answers, the ledger and Replicate's bill say. What it looks like is in
// metrics-exposition.spec.ts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withSession } from '../../src/database/migrations.js';
import { Reconciler } from '../../src/gateway/reconciler.service.js';
import { Telemetry } from '../../src/telemetry/telemetry.js';
import { AdminApi } from '../support/admin.js';
import { type Answer, eventually, freePort, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';
import { changeBy, scrape } from '../support/metrics.js';
import { temporaryFolder } from '../support/process.js';
import { askForStream, chat, openStream, readStream } from '../support/stream-reader.js';

const DEFAULT = 'cerebro-phi3.5-vision-instruct';
const COMPLETIONS = '/v1/completions';
const CHATS = '/v1/chat/completions';
const LLAVA = 'yorickvp/llava-13b';

const folder = temporaryFolder();
let gateway: TestGateway;
beforeAll(async () => {
  const modelsFile = join(folder.path, 'models.json');
  const priced = { model: LLAVA, price: { usd_per_second: '0.000123457' }, timeout: '10s' };
  writeFileSync(modelsFile, JSON.stringify({ models: { priced, unasked: { model: LLAVA } } }));
  const port = await freePort();
  gateway = await startTestGateway({
    port,
    settings: {
      models: ['*'],
      modelsFile,
      defaultHardware: 'gpu-l40s',
      publicUrl: `http://127.0.0.1:${port}`,
    },
  });
});
afterAll(async () => {
  await gateway.close();
  folder.remove();
});

const usageOf = ({ json }: Answer) =>
  (json as { usage: { prompt_tokens: number; completion_tokens: number } }).usage;
const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
const codeOf = ({ text }: Answer) => (JSON.parse(text) as { error?: { code: string } }).error?.code;
const limited = async (limits: object): Promise<string> => {
  const admin = new AdminApi(gateway);
  const { id } = await admin.tenant({ limits });
  return (await admin.key(id)).key;
};

describe('answered calls', () => {
  it('are counted by route, with the tokens that they told and the cost that the ledger has', async () => {
    await startAnew(gateway);
    const answers: Answer[] = [];
    const change = await changeBy(gateway, async () => {
      gateway.sandbox.script({ run: 30 }, { run: 70, output: 'Rather blue.' }, { run: 50 });
      answers.push(await gateway.complete(), await gateway.complete());
      answers.push(await gateway.complete({ model: 'priced', temperature: undefined, do_sample: undefined }));
      const { body } = chat('Tell me about bicycles.');
      answers.push(await gateway.send(CHATS, { method: 'POST', body }));
    });
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(change.of('http_requests_total', { method: 'POST', route: COMPLETIONS, status: '200' })).toBe(3);
    expect(change.of('http_requests_total', { method: 'POST', route: CHATS, status: '200' })).toBe(1);
    expect(change.of('http_request_duration_seconds_count', { route: COMPLETIONS })).toBe(3);
    expect(change.of('added_latency_seconds_count', { route: COMPLETIONS })).toBe(3);
    expect(change.by('errors_total', 'code')).toEqual({});
    expect(change.by('admissions_total', 'decision')).toEqual({ admitted: 4 });
    expect(change.of('admission_duration_seconds_count')).toBe(4);
    expect(change.by('upstream_requests_total', 'status', { operation: 'create' })).toEqual({ 201: 4 });
    expect(change.of('upstream_request_duration_seconds_count', { operation: 'create' })).toBe(4);
    const usages = answers.map(usageOf);
    expect(change.by('tokens_total', 'type')).toEqual({
      input: total(usages.map(({ prompt_tokens }) => prompt_tokens)),
      output: total(usages.map(({ completion_tokens }) => completion_tokens)),
    });
    await expectOneBill(gateway);
    for (const model of [DEFAULT, 'priced', 'meta/meta-llama-3-8b-instruct']) {
      const lines = (await ledger(gateway)).filter((line) => line.model === model);
      const nanos = total(lines.map(({ cost_nanos }) => Number(cost_nanos)));
      expect(Math.round(change.of('cost_usd_total', { model }) * 1e9)).toBe(nanos);
      expect(change.of('predictions_total', { model, outcome: 'succeeded' })).toBe(lines.length);
    }
    expect(change.of('cost_usd_total')).toBeGreaterThan(0);
    const { entries, billedSeconds } = gateway.sandbox.bill;
    expect(change.of('predictions_total')).toBe(entries.length);
    expect(change.of('model_wait_seconds_sum', { phase: 'run' })).toBeCloseTo(billedSeconds, 6);
  });

  it('have their waits told apart, none of which is latency of ours', async () => {
    const change = await changeBy(gateway, async () => {
      gateway.sandbox.script({ boot: 1500, run: 300 });
      expect((await gateway.complete()).status).toBe(200);
    });
    const wait = (phase: string) => change.of('model_wait_seconds_sum', { model: DEFAULT, phase });
    // Timers may be early by a millisecond, and times at Replicate are in whole ones.
    expect(wait('boot')).toBeGreaterThanOrEqual(1.495);
    expect(wait('run')).toBeGreaterThanOrEqual(0.295);
    for (const phase of ['queue', 'boot', 'run'])
      expect(change.of('model_wait_seconds_count', { model: DEFAULT, phase })).toBe(1);
    const whole = change.of('http_request_duration_seconds_sum', { route: COMPLETIONS });
    const added = change.of('added_latency_seconds_sum', { route: COMPLETIONS });
    expect(added).toBeGreaterThan(0);
    expect(added).toBeLessThanOrEqual(whole - 1.79);
  });

  it('in a stream are counted while it is open, with its tokens at the end', async () => {
    gateway.sandbox.script({ run: 1500, output: ['A ', 'red ', 'bicycle.'] });
    let usage: Readonly<Record<string, number>> | null | undefined;
    const change = await changeBy(gateway, async () => {
      const stream = await openStream(gateway, chat('Tell.', { stream_options: { include_usage: true } }));
      await stream.firstPiece();
      const during = await scrape(gateway);
      expect(during.sum('cerebro_streams_open')).toBe(1);
      // The scrape is a request too.
      expect(during.sum('cerebro_http_requests_in_flight')).toBe(2);
      expect(during.sum('cerebro_predictions_in_flight')).toBe(1);
      ({ usage } = await stream.toEnd());
    });
    expect(change.by('tokens_total', 'type')).toEqual({
      input: usage?.prompt_tokens,
      output: usage?.completion_tokens,
    });
    expect(change.of('http_requests_total', { route: CHATS, status: '200' })).toBe(1);
    expect(change.after.sum('cerebro_streams_open')).toBe(0);
    expect(change.after.sum('cerebro_http_requests_in_flight')).toBe(1);
    expect(change.after.sum('cerebro_predictions_in_flight')).toBe(0);
  });
});

describe('calls that fail', () => {
  it('are counted by what their callers were told, at the door and by limits', async () => {
    const tenant = await limited({ monthly_budget_usd: 0 });
    const rated = await limited({ requests_per_minute: 1 });
    const narrow = await limited({ max_concurrency: 1 });
    const change = await changeBy(gateway, async () => {
      expect(codeOf(await gateway.complete({}, { key: tenant }))).toBe('insufficient_quota');
      expect((await gateway.complete({}, { key: rated })).status).toBe(200);
      expect((await gateway.complete({}, { key: rated })).status).toBe(429);
      gateway.sandbox.script({ run: 3000 });
      const first = gateway.complete({}, { key: narrow });
      await eventually(
        'the first runs',
        async () => (await scrape(gateway)).sum('cerebro_predictions_in_flight') > 0,
      );
      expect((await gateway.complete({}, { key: narrow })).status).toBe(429);
      expect((await first).status).toBe(200);
      expect((await gateway.send('/v1/nothing')).status).toBe(404);
      expect((await gateway.complete({}, { key: 'cbr_live_wrong' })).status).toBe(401);
      expect((await gateway.complete({}, { key: null })).status).toBe(401);
      expect((await gateway.complete({ prompt: 1 })).status).toBe(400);
    });
    expect(change.by('errors_total', 'code')).toEqual({
      insufficient_quota: 1,
      rate_limit_exceeded: 1,
      concurrency_limit_exceeded: 1,
      unknown_url: 1,
      invalid_api_key: 1,
      missing_api_key: 1,
      invalid_type: 1,
    });
    expect(change.by('admissions_total', 'decision')).toEqual({
      admitted: 2,
      insufficient_quota: 1,
      rate_limit_exceeded: 1,
      concurrency_limit_exceeded: 1,
    });
    expect(change.by('http_requests_total', 'status', { route: COMPLETIONS })).toEqual({
      200: 2,
      400: 1,
      401: 2,
      429: 3,
    });
    expect(change.of('http_requests_total', { route: 'none', status: '404' })).toBe(1);
    // What was refused has no latency that a model's answer could be compared with.
    expect(change.of('added_latency_seconds_count', { route: COMPLETIONS })).toBe(2);
  });

  it('at the model, in a stream or out of it, are outcomes and errors; a hang-up is told to nobody', async () => {
    const change = await changeBy(gateway, async () => {
      gateway.sandbox.script({ fail: 'out of luck' });
      expect((await gateway.complete()).status).toBe(502);
      gateway.sandbox.script({ run: 300, output: ['A ', 'red '], fail: 'out of luck' });
      const stream = await readStream(gateway, chat('Tell me.'));
      expect([stream.status, stream.error !== undefined]).toEqual([200, true]);
      gateway.sandbox.script({ run: 60_000 });
      const asking = askForStream(gateway, chat('Tell me more.'));
      const { creates } = gateway.sandbox.bill;
      await eventually('the create arrived', () => gateway.sandbox.bill.creates > creates);
      asking.leave();
    });
    expect(change.by('predictions_total', 'outcome')).toEqual({ failed: 2, canceled: 1 });
    expect(change.of('errors_total')).toBe(2);
    expect(change.by('http_requests_total', 'status', { route: CHATS })).toEqual({ 200: 1, 499: 1 });
    expect(change.of('added_latency_seconds_count')).toBe(0);
    expect(change.after.sum('cerebro_predictions_in_flight')).toBe(0);
  });

  it('until a breaker opens show it, and creates that are refused', async () => {
    const ask = () =>
      gateway.send(COMPLETIONS, {
        method: 'POST',
        body: { model: 'lucataco/moondream2', prompt: 'What?', image_urls: 'https://example.com/image.jpg' },
      });
    const change = await changeBy(gateway, async () => {
      gateway.sandbox.script({ status: 500, times: 10 });
      for (const { status } of await Promise.all(Array.from({ length: 10 }, ask))) expect(status).toBe(502);
      expect(codeOf(await ask())).toBe('model_overloaded');
    });
    expect(change.after.sum('cerebro_circuit_breakers_open')).toBe(1);
    expect(change.of('circuit_breaker_openings_total')).toBe(1);
    expect(change.by('upstream_requests_total', 'status', { operation: 'create' })).toEqual({ 500: 10 });
    expect(change.of('errors_total', { code: 'model_overloaded' })).toBe(1);
    expect(change.of('errors_total', { code: 'upstream_error' })).toBe(10);
  });
});

describe('the node itself', () => {
  it('counts webhooks by what they were', async () => {
    const change = await changeBy(gateway, async () => {
      gateway.sandbox.script({ run: 30 });
      expect((await gateway.complete()).status).toBe(200);
      const path = '/webhooks/replicate/prd_00000000000000000000000000000000';
      const headers = {
        'webhook-id': 'msg_1',
        'webhook-timestamp': '1',
        'webhook-signature': 'v1,AAAA',
      };
      expect((await gateway.send(path, { method: 'POST', body: {}, key: null, headers })).status).toBe(401);
      await eventually('both webhooks came', () => gateway.sandbox.deliveries.length >= 2);
    });
    expect(change.of('webhooks_received_total', { result: 'webhook_refused' })).toBe(1);
    expect(change.of('webhooks_received_total', { result: 'known' })).toBeGreaterThanOrEqual(1);
  });

  it('counts looks into its caches', async () => {
    const { key } = await new AdminApi(gateway).key(gateway.tenantId);
    const change = await changeBy(gateway, async () => {
      for (let call = 0; call < 3; call += 1) await gateway.send('/v1/models', { key });
    });
    expect(change.by('cache_lookups_total', 'result', { cache: 'keys' })).toEqual({ miss: 1, hit: 2 });
    const { key: other } = await new AdminApi(gateway).key(gateway.tenantId);
    const calls = await changeBy(gateway, async () => {
      for (let call = 0; call < 2; call += 1)
        await gateway.send(CHATS, { method: 'POST', body: chat('Hm.').body, key: other });
    });
    // Though who brings a body is looked at before it is read, and again behind it.
    expect(calls.by('cache_lookups_total', 'result', { cache: 'keys' })).toEqual({ miss: 1, hit: 1 });
    expect(calls.by('cache_lookups_total', 'result', { cache: 'model_interfaces' })).toEqual({ hit: 2 });
    expect(calls.by('cache_lookups_total', 'result', { cache: 'upstream_accounts' })).toEqual({ hit: 2 });
  });

  it('counts what its reconciler took up', async () => {
    await startAnew(gateway);
    const change = await changeBy(gateway, async () => {
      gateway.sandbox.script({ run: 30 });
      expect((await gateway.complete()).status).toBe(200);
      await expectOneBill(gateway);
      // As a crash between the answer and its line would have left it.
      const orphan = `UPDATE predictions SET state = 'sent', settled_at = NULL, billing = NULL, cost_nanos = NULL,
        node_id = NULL, lease = NULL, check_at = now()`;
      await withSession(gateway.databaseUrl, (session) => session.query(orphan));
      await gateway.app.nest.get(Reconciler).run();
      await gateway.app.nest.get(Reconciler).run();
      await eventually('it is settled', async () =>
        (await ledger(gateway)).every((line) => line.settled_at !== null),
      );
    });
    expect(change.by('reconciled_predictions_total', 'result')).toEqual({ settled: 1 });
    expect(change.after.sum('cerebro_unsettled_predictions')).toBe(0);
  });

  it('has labels for the models that its operator names, however many others came before', () => {
    const { metrics } = gateway.app.nest.get(Telemetry);
    for (let stranger = 0; stranger < 200; stranger += 1) metrics.modelLabel(`x/stranger-${stranger}`);
    expect([DEFAULT, 'unasked', 'x/late'].map((name) => metrics.modelLabel(name))).toEqual([
      DEFAULT,
      'unasked',
      'other',
    ]);
  });

  it('shows its connections, and whether it is ready', async () => {
    const now = await scrape(gateway);
    const pool = (state: string) => now.sum('cerebro_database_pool_connections', { pool: 'main', state });
    expect(pool('total')).toBeGreaterThanOrEqual(1);
    expect(pool('idle')).toBeLessThanOrEqual(pool('total'));
    expect(pool('waiting')).toBe(0);
    expect(now.sum('cerebro_ready')).toBe(1);
    gateway.app.inFlight.leave();
    expect((await scrape(gateway)).sum('cerebro_ready')).toBe(0);
  });
});
