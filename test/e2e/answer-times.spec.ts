// Where the time of an answer went, as its headers tell: queue, boot, run.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';

const BOOT = 1200;
const RUN = 100;

/** What timers and clocks may be out by. */
const SLACK = 5;

interface Times {
  readonly queue: number;
  readonly boot: number;
  readonly run: number;
}

function timesOf({ headers }: Answer): Times {
  const [queue, boot, run] = ['queue', 'boot', 'run'].map((part) => Number(headers[`x-cerebro-${part}-ms`]));
  expect(headers['server-timing']).toBe(`queue;dur=${queue}, boot;dur=${boot}, run;dur=${run}`);
  return { queue: queue ?? NaN, boot: boot ?? NaN, run: run ?? NaN };
}

describe.each([
  ['that was held to its end', 60_000],
  ['that was held for a while and then asked for', 200],
])('an answer after a cold boot %s', (_, maxHold) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ sandbox: { maxHold } });
  });
  afterAll(() => gateway.close());
  afterEach(async () => {
    await expectOneBill(gateway);
    await startAnew(gateway);
  });

  // The times of a held answer are asked for, for half a second at the longest.
  it('tells its boot apart from its run, as the ledger does', { retry: 2 }, async () => {
    gateway.sandbox.script({ boot: BOOT, run: RUN });
    const started = performance.now();
    const answer = await gateway.complete();
    const took = performance.now() - started;
    expect(answer.status).toBe(200);
    const { queue, boot, run } = timesOf(answer);
    expect(boot).toBeGreaterThanOrEqual(BOOT - SLACK);
    expect(run).toBeGreaterThanOrEqual(RUN - SLACK);
    expect(queue).toBeGreaterThanOrEqual(0);
    expect(queue + boot + run).toBeLessThanOrEqual(took + SLACK);
    await expectOneBill(gateway);
    const [line] = await ledger(gateway);
    expect(run).toBe(Math.round(Number(line?.run_time_us) / 1000));
  });
});

describe('an answer of a warm model', () => {
  it('leaves out what Replicate does not tell, rather than to ask for it', async () => {
    const gateway = await startTestGateway();
    try {
      const { status, headers } = await gateway.complete();
      expect(status).toBe(200);
      expect(headers['x-cerebro-queue-ms']).toMatch(/^\d+$/);
      expect(headers['server-timing']).toBe(`queue;dur=${String(headers['x-cerebro-queue-ms'])}`);
      expect(headers).not.toHaveProperty('x-cerebro-boot-ms');
      await expectOneBill(gateway);
    } finally {
      await gateway.close();
    }
  });

  it('has the wait for its turn in the queue', async () => {
    const gateway = await startTestGateway();
    try {
      gateway.sandbox.script({ status: 429, retryAfter: 1 }, { run: RUN, waitStatus: 'succeeded' });
      const answer = await gateway.complete();
      expect(answer.status).toBe(200);
      const { queue, run } = timesOf(answer);
      expect(queue).toBeGreaterThanOrEqual(1000 - SLACK);
      expect(run).toBeGreaterThanOrEqual(RUN - SLACK);
      await expectOneBill(gateway);
    } finally {
      await gateway.close();
    }
  });
});
