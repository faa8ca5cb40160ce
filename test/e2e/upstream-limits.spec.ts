// What protects Replicate from us and one model from another: the retry budget, the breaker, places, turns.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/sandbox/faults/fault.js';
import { fullName, publishedModels } from '../../src/sandbox/models/catalogue.js';
import type { PublishedModel } from '../../src/sandbox/models/published-model.js';
import {
  type Answer,
  eventually,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
} from '../support/gateway.js';
import { expectOneBill, ledger } from '../support/ledger.js';
import { temporaryFolder } from '../support/process.js';

const LLAVA = 'yorickvp/llava-13b';
const MOONDREAM = 'lucataco/moondream2';

let gateway: TestGateway;
afterEach(async () => {
  await expectOneBill(gateway);
  await gateway.close();
});

const start = async ({ settings, ...more }: TestGatewayOptions = {}) => {
  gateway = await startTestGateway({ settings: { models: ['*'], ...settings }, ...more });
};
const ask = (model: string, options: { signal?: AbortSignal } = {}) =>
  gateway.send('/v1/completions', {
    method: 'POST',
    body: { model, prompt: 'What is this?', image_urls: 'https://example.com/image.jpg' },
    ...options,
  });
const askMany = (count: number) => Promise.all(Array.from({ length: count }, () => ask(LLAVA)));
const takesPictures = (model: PublishedModel) => {
  const [version] = model.versions;
  return (
    version?.output.format !== 'uri' && version?.input.required?.some((name) => /image|media/.test(name))
  );
};
const creates = () =>
  gateway.sandbox.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/predictions'));
const codeOf = ({ json }: Answer) => (json as { error?: { code: string } }).error?.code;

function expectOverloaded(answer: Answer, longestWait: number): void {
  expect(answer.status).toBe(503);
  expect(answer.json).toMatchObject({ error: { type: 'server_error', code: 'model_overloaded' } });
  expect(answer.headers['x-should-retry']).toBe('true');
  const seconds = Number(answer.headers['retry-after']);
  expect(seconds).toBeGreaterThanOrEqual(1);
  expect(seconds).toBeLessThanOrEqual(longestWait);
}

describe('a storm of refusals (A6)', () => {
  const expectFewCreates = async (answers: readonly Answer[]) => {
    expect(creates().length).toBeLessThanOrEqual(1.1 * answers.length + 10);
    expect(gateway.sandbox.bill.creates).toBe(0);
    await eventually('all are settled', async () =>
      (await ledger(gateway)).every(({ settled_at }) => settled_at !== null),
    );
    for (const { billing, cost_nanos } of await ledger(gateway)) {
      expect([billing, cost_nanos]).toEqual(['nothing', '0']);
    }
  };

  it('of 429 makes calls wait for their turn, and tells those who cannot', async () => {
    await start({ settings: { predictionTimeoutMs: 3000 } });
    gateway.sandbox.script({ status: 429, retryAfter: 1, times: 10_000 });
    const answers = [...(await askMany(80)), ...(await askMany(20))];
    for (const answer of answers) {
      // One whose turn comes with its deadline is too late for both.
      if (answer.status === 504) continue;
      expect([answer.status, codeOf(answer)]).toEqual([429, 'rate_limit_exceeded']);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    }
    await expectFewCreates(answers);
  });

  it("of 503 opens the model's breaker", async () => {
    await start();
    gateway.sandbox.script({ status: 503, html: false, times: 10_000 });
    const answers = await askMany(80);
    const before = creates().length;
    for (const answer of await askMany(20)) expectOverloaded(answer, 10);
    expect(creates()).toHaveLength(before);
    for (const { status, headers } of answers) {
      expect(status).toBe(503);
      expect(headers['x-should-retry']).toBe('true');
    }
    await expectFewCreates(answers);
  });

  it('over many models, whose breakers stay closed, is held down by the budget of repetitions', async () => {
    await start();
    gateway.sandbox.script({ status: 503, html: false, times: 10_000 });
    const names = publishedModels.filter(takesPictures).map(fullName);
    expect(names.length).toBeGreaterThanOrEqual(10);
    const answers = await Promise.all([...names, ...names, ...names, ...names].map((name) => ask(name)));
    for (const { status } of answers) expect(status).toBe(503);
    await expectFewCreates(answers);
    expect(creates().length).toBeGreaterThan(answers.length);
  });
});

describe("a model's breaker (A24)", () => {
  it('opens after ten failures: the next call is told at once, without a request, and others are not', async () => {
    await start();
    gateway.sandbox.script({ status: 500, times: 10_000, match: { model: LLAVA } });
    for (let i = 0; i < 10; i++) expect(codeOf(await ask(LLAVA))).toBe('upstream_error');
    expect(creates()).toHaveLength(10);
    expectOverloaded(await ask(LLAVA), 10);
    expect(creates()).toHaveLength(10);
    expect((await ask(MOONDREAM)).status).toBe(200);
    await eventually('the refused call is settled', async () =>
      (await ledger(gateway)).some(({ error }) => error === 'model_overloaded'),
    );
    const refused = (await ledger(gateway)).find(({ error }) => error === 'model_overloaded');
    expect(refused).toMatchObject({ state: 'failed', sent_at: null, billing: 'nothing', cost_nanos: '0' });
  });

  it.each<[string, Fault]>([
    ['what callers ask is refused', { status: 422 }],
    ['predictions fail', { fail: 'CUDA error' }],
  ])('stays closed while %s: the model works', async (_, fault) => {
    await start();
    gateway.sandbox.script({ ...fault, times: 15 });
    for (let i = 0; i < 15; i++) expect(codeOf(await ask(LLAVA))).not.toBe('model_overloaded');
    expect((await ask(LLAVA)).status).toBe(200);
  });
});

describe("a model's places (A25)", () => {
  it('are its own: a slow model fills them, and another answers', async () => {
    const slow = Promise.withResolvers<string>();
    await start({
      settings: { modelConcurrency: 2 },
      sandbox: { model: ({ model }) => (model === LLAVA ? slow.promise : 'quick') },
    });
    const waiting = [ask(LLAVA), ask(LLAVA)];
    await eventually('both are asked', () => creates().length === 2);
    expectOverloaded(await ask(LLAVA), 2);
    expect(creates()).toHaveLength(2);
    for (const { status } of await Promise.all([ask(MOONDREAM), ask(MOONDREAM)])) expect(status).toBe(200);
    slow.resolve('slow');
    for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
    expect((await ask(LLAVA)).status).toBe(200);
  });

  it('are given back by who hangs up, and by what fails', async () => {
    await start({ settings: { modelConcurrency: 1 } });
    gateway.sandbox.script({ hang: true }, { fail: 'CUDA error' }, { status: 422 });
    const hangUp = new AbortController();
    const left = ask(LLAVA, { signal: hangUp.signal }).catch(() => undefined);
    await eventually('it is asked', () => creates().length === 1);
    expectOverloaded(await ask(LLAVA), 2);
    hangUp.abort();
    await left;
    await eventually('its place is free', async () => codeOf(await ask(LLAVA)) === 'prediction_failed');
    expect(codeOf(await ask(LLAVA))).toBe('model_not_found');
    expect((await ask(LLAVA)).status).toBe(200);
  });
});

describe("the node's turns", () => {
  it('are so many a minute: a call that cannot wait is told when the next one is, and is not sent', async () => {
    await start({ settings: { createsPerMinute: 5, predictionTimeoutMs: 3000 } });
    const started = performance.now();
    for (let i = 0; i < 5; i++) expect((await ask(LLAVA)).status).toBe(200);
    const { status, json, headers } = await ask(MOONDREAM);
    const elapsed = (performance.now() - started) / 1000;
    expect(status).toBe(429);
    expect(json).toMatchObject({ error: { type: 'requests', code: 'rate_limit_exceeded', param: null } });
    const seconds = Number(headers['retry-after']);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(seconds).toBeGreaterThanOrEqual(60 - Math.ceil(elapsed));
    expect(creates()).toHaveLength(5);
    await eventually('it is settled', async () => (await ledger(gateway)).at(-1)?.settled_at != null);
    expect((await ledger(gateway)).at(-1)).toMatchObject({
      ...{ model: MOONDREAM, state: 'failed', error: 'upstream_rate_limited' },
      ...{ sent_at: null, upstream_id: null, billing: 'nothing', cost_nanos: '0' },
    });
  });

  it("come after the wait of Replicate's 429, for every call and model of the node", async () => {
    const folder = temporaryFolder();
    const modelsFile = join(folder.path, 'models.json');
    writeFileSync(modelsFile, JSON.stringify({ models: { hasty: { model: LLAVA, timeout: '2s' } } }));
    await start({ settings: { modelsFile } });
    folder.remove();
    gateway.sandbox.script({ status: 429, retryAfter: 3 });
    const { status, headers } = await ask('hasty');
    expect([status, headers['retry-after']]).toEqual([429, '3']);
    const others = await Promise.all([ask(MOONDREAM), ask(MOONDREAM), ask(LLAVA)]);
    for (const { status } of others) expect(status).toBe(200);
    const [refused, ...later] = creates().map(({ time }) => time);
    expect(later).toHaveLength(3);
    // Two clocks may be a little apart.
    expect(Math.min(...later) - (refused ?? NaN)).toBeGreaterThanOrEqual(2990);
  });
});
