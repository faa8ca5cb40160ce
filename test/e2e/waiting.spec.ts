import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';

/** Replicate holds the line for 200 ms here, so that the time after it is tested too. */
const HOLD = 200;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ sandbox: { maxHold: HOLD }, settings: { predictionTimeoutMs: 3000 } });
});
afterAll(() => gateway.close());
afterEach(() => settleAndStartAnew(gateway));

async function settleAndStartAnew(used: TestGateway): Promise<void> {
  await expectOneBill(used);
  await startAnew(used);
}

const of = (method: string, suffix = '') =>
  gateway.sandbox.requests.filter((request) => request.method === method && request.path.endsWith(suffix));

describe('waiting for a prediction', () => {
  it('ends with the held create where that is enough', async () => {
    gateway.sandbox.script({ boot: 50, run: 50 });
    expect((await gateway.complete()).status).toBe(200);
    expect(of('POST')).toHaveLength(1);
  });

  it('takes a held answer that still says processing for what it is: finished', async () => {
    gateway.sandbox.script({ waitStatus: 'processing', output: 'done' });
    expect((await gateway.complete()).json).toMatchObject({ choices: [{ text: 'done' }] });
    await eventually('the bill is read, once', () => of('GET').length === 1);
  });

  it('follows a cold boot past the hold to its end, for one create', async () => {
    gateway.sandbox.script({ boot: 900, run: 100 });
    const { status, json } = await gateway.complete();
    expect(status).toBe(200);
    expect(json).toMatchObject({ choices: [{ text: 'A red bicycle.' }] });
    expect(of('POST')).toHaveLength(1);
    expect(of('GET').length).toBeGreaterThan(1);
  });

  it('asks quickly at first and then more slowly', async () => {
    gateway.sandbox.script({ boot: 2200 });
    expect((await gateway.complete()).status).toBe(200);
    const times = of('GET').map(({ time }) => time);
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(gaps.length).toBeGreaterThan(2);
    // A busy machine may stretch any one gap.
    expect(Math.max(...gaps.slice(-2))).toBeGreaterThan(Math.min(...gaps.slice(0, 2)));
  });

  it('sits out failures of the questions in between, since the prediction runs on', async () => {
    gateway.sandbox.script({ boot: 800, onGet: { status: 500, times: 2 } });
    expect((await gateway.complete()).status).toBe(200);
    await settleAndStartAnew(gateway);
    gateway.sandbox.script({ boot: 800, onGet: { reset: true, times: 2 } });
    expect((await gateway.complete()).status).toBe(200);
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('ends at the deadline with a 504 and a cancelled prediction (A14)', async () => {
    gateway.sandbox.script({ hang: true });
    const { status, json, headers } = await gateway.complete();
    expect(status).toBe(504);
    expect(json).toMatchObject({ error: { type: 'server_error', code: 'prediction_timeout', param: null } });
    expect(headers['x-should-retry']).toBe('false');
    await eventually('cancelled', () =>
      /aborted|canceled/.test(gateway.sandbox.bill.entries[0]?.status ?? ''),
    );
    expect(of('POST', '/cancel')).toHaveLength(1);
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('asks again when Replicate does not know a new prediction yet (A22)', async () => {
    gateway.sandbox.script({ boot: 1200, onGet: { status: 404, times: 2 } });
    expect((await gateway.complete()).status).toBe(200);
  });

  it.each([
    ['in the hold', 50],
    ['after the hold', 500],
  ])('is over when the caller hangs up %s: the prediction is cancelled (B3)', async (_, after) => {
    gateway.sandbox.script({ hang: true });
    const hangUp = AbortSignal.timeout(after);
    await expect(gateway.complete({}, { signal: hangUp })).rejects.toThrow();
    await eventually('cancelled', () =>
      /aborted|canceled/.test(gateway.sandbox.bill.entries[0]?.status ?? ''),
    );
    expect(of('POST', '/v1/predictions')).toHaveLength(1);
    await eventually('nothing in flight', () => gateway.app.inFlight.count === 0);
  });

  it.each([404, 500, 'reset'] as const)('tries again to cancel what answered %s (A21)', async (trouble) => {
    const onCancel = trouble === 'reset' ? ({ reset: true } as const) : ({ status: trouble } as const);
    gateway.sandbox.script({ hang: true, onCancel });
    await expect(gateway.complete({}, { signal: AbortSignal.timeout(300) })).rejects.toThrow();
    await eventually('cancelled', () =>
      /aborted|canceled/.test(gateway.sandbox.bill.entries[0]?.status ?? ''),
    );
  });
});

describe('a caller who hangs up while the line is held for long', () => {
  let patient: TestGateway;
  beforeAll(async () => {
    patient = await startTestGateway();
  });
  afterAll(() => patient.close());
  afterEach(() => settleAndStartAnew(patient));

  it('gets the prediction cancelled long before the hold would have told its id', async () => {
    patient.sandbox.script({ hang: true });
    await expect(patient.complete({}, { signal: AbortSignal.timeout(200) })).rejects.toThrow();
    await eventually('cancelled', () =>
      /aborted|canceled/.test(patient.sandbox.bill.entries[0]?.status ?? ''),
    );
    expect(patient.sandbox.bill.creates).toBe(1);
  });

  it("never ends another caller's prediction that looks the same", async () => {
    patient.sandbox.script({ boot: 2500, output: 'for the one who stayed' });
    const staying = patient.complete();
    await eventually('the first create arrived', () => patient.sandbox.bill.creates === 1);
    // The leaver's prediction is over, but its answer is slow: the other's is the only running one in the list.
    patient.sandbox.script({ output: 'for the one who left', bodySlow: 2000 });
    await expect(patient.complete({}, { signal: AbortSignal.timeout(300) })).rejects.toThrow();
    const { status, json } = await staying;
    expect(status).toBe(200);
    expect(json).toMatchObject({ choices: [{ text: 'for the one who stayed' }] });
  });
});

describe('a deadline inside the hold', () => {
  it('ends every prediction that it gives up on', async () => {
    const hasty = await startTestGateway({ settings: { predictionTimeoutMs: 1000 } });
    try {
      const prompts = Array.from({ length: 12 }, (_, i) => `question ${i}`);
      hasty.sandbox.script({ hang: true, times: 12 });
      const answers = await Promise.all(prompts.map((prompt) => hasty.complete({ prompt })));
      for (const { status } of answers) expect(status).toBe(504);
      const ended = () => hasty.sandbox.bill.entries.every(({ status }) => /aborted|canceled/.test(status));
      await eventually('all are cancelled', ended);
      expect(hasty.sandbox.bill.creates).toBe(12);
    } finally {
      await hasty.close();
    }
  });
});

describe('a shutdown without a drain', () => {
  it('leaves no prediction running', async () => {
    const doomed = await startTestGateway();
    try {
      doomed.sandbox.script({ hang: true });
      const pending = doomed.complete().catch(() => undefined);
      await eventually('the create arrived', () => doomed.sandbox.bill.creates === 1);
      await new Promise((resolve) => setTimeout(resolve, 600));
      await doomed.app.nest.close();
      await pending;
      expect(doomed.sandbox.bill.entries[0]?.status).toMatch(/aborted|canceled/);
    } finally {
      await doomed.close();
    }
  });
});
