// The plug is pulled: a gateway is killed while a prediction runs, and another goes on.
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { eventually, startTestSandbox } from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { type GatewayProcess, startGateway, temporaryFolder } from '../support/process.js';
import { LoadBalancer } from '../support/load-balancer.js';

let database: TestDatabase;
let sandbox: Sandbox;
let folder: ReturnType<typeof temporaryFolder>;
let balancer: LoadBalancer;
let nodes: GatewayProcess[];

const start = () =>
  startGateway({
    DATABASE_URL: database.url,
    REPLICATE_API_TOKEN: 'sandbox',
    REPLICATE_BASE_URL: sandbox.baseUrl,
    CEREBRO_KEY_PEPPER: 'test-pepper-0123456789',
    CEREBRO_DATA_DIR: folder.path,
    LOG_LEVEL: 'warn',
  });
beforeAll(async () => {
  database = await createTestDatabase();
  sandbox = await startTestSandbox();
  folder = temporaryFolder();
  balancer = await LoadBalancer.open();
  nodes = [await start(), await start()];
  balancer.target = nodes[0]?.url ?? '';
}, 120_000);
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.end('SIGKILL')));
  await balancer.close();
  await sandbox.close();
  await database.drop();
  folder.remove();
});
afterEach(() => startAnew({ databaseUrl: database.url, sandbox }));

const ask = (headers: Record<string, string> = {}, maxRetries = 2) =>
  new OpenAI({ apiKey: nodes[1]?.key ?? '', baseURL: `${balancer.url}/v1`, maxRetries }).post(
    '/completions',
    {
      headers,
      body: { prompt: 'Describe the image.', image_urls: 'https://example.com/image.jpg', max_tokens: 100 },
    },
  );

/** Kills the node that answers, as soon as its create has been accepted, and sends who comes then to the other. */
async function killMidCall(): Promise<void> {
  await eventually('the create arrived', () => sandbox.bill.creates === 1);
  // The line is held: nobody but Replicate knows the prediction's id.
  await new Promise((resolve) => setTimeout(resolve, 300));
  await nodes[0]?.end('SIGKILL');
  balancer.target = nodes[1]?.url ?? '';
}

describe('a gateway that is killed mid-call (B19, H9)', () => {
  afterEach(async () => {
    nodes[0] = await start();
    balancer.target = nodes[0].url;
    // A connection that a client has kept would lead to the other node.
    balancer.reset();
  }, 120_000);

  it("costs one prediction: the client's own retry joins it on another node", async () => {
    sandbox.script({ boot: 4000, output: 'the one answer' });
    const answer = ask();
    await killMidCall();
    expect(await answer).toMatchObject({ choices: [{ text: 'the one answer' }] });
    expect(sandbox.bill.creates).toBe(1);
    await expectOneBill({ databaseUrl: database.url, sandbox });
  }, 60_000);

  it('costs one prediction under an Idempotency-Key, also when the caller comes back late', async () => {
    sandbox.script({ boot: 1500, output: 'kept for you' });
    const headers = { 'Idempotency-Key': `late-${Date.now()}` };
    const first = ask(headers, 0).catch(() => undefined);
    await killMidCall();
    balancer.target = '';
    await first;
    await eventually('the prediction has ended', () => sandbox.bill.entries[0]?.status === 'succeeded');
    balancer.target = nodes[1]?.url ?? '';
    await eventually(
      'answered',
      async () => {
        const answer = (await ask(headers).catch(() => undefined)) as
          { choices?: { text: string }[] } | undefined;
        return answer?.choices?.[0]?.text === 'kept for you';
      },
      40_000,
    );
    expect(sandbox.bill.creates).toBe(1);
    await expectOneBill({ databaseUrl: database.url, sandbox });
  }, 90_000);

  it('leaves nothing running where nobody comes back', async () => {
    sandbox.script({ hang: true });
    const answer = ask({}, 0).catch(() => undefined);
    await eventually('the create arrived', () => sandbox.bill.creates === 1);
    balancer.target = '';
    await nodes[0]?.end('SIGKILL');
    await answer;
    await eventually(
      'canceled',
      () => /canceled|aborted/.test(sandbox.bill.entries[0]?.status ?? ''),
      40_000,
    );
    await expectOneBill({ databaseUrl: database.url, sandbox });
    const lines = await ledger({ databaseUrl: database.url });
    expect(lines.at(-1)?.state).toMatch(/canceled|aborted/);
  }, 90_000);
});
