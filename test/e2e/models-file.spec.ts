// What an operator says of models: names, versions, defaults, fixed inputs, times and prices, and what comes of it
// on the way to Replicate and in the ledger.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';
import { temporaryFolder } from '../support/process.js';

const LLAVA = '80537f9eead1a5bfa72d5ac6ea6414379be41d4d4f6679fd776e9535d1eb58bb';
const PHI_IMAGE = 'ffcebb3e1c91ddc7eb66216dc604bc6cb843a419829364a8a407a99335450205';
const PICTURE = 'https://example.com/image.jpg';

const file = {
  models: {
    'claims-vision': {
      model: 'yorickvp/llava-13b',
      version: LLAVA,
      price: { usd_per_second: '0.0123' },
      defaults: { max_tokens: 500, temperature: 0.2, top_p: 0.9, top_k: 3, stop: ['END'] },
      input: { max_tokens: 300 },
    },
    captions: {
      model: 'salesforce/blip',
      input: { task: 'image_captioning', caption: 'a photograph of' },
    },
    pinned: { model: 'jimothyjohn/phi3-vision-instruct', version: PHI_IMAGE },
    hasty: { model: 'yorickvp/llava-13b', timeout: '1s' },
    spare: { model: 'deployments/acme/claims-vision', price: { hardware: 'gpu-t4' } },
    'cerebro-phi3.5-vision-instruct': {
      price: { hardware: 'gpu-own' },
      defaults: { max_tokens: 200 },
    },
  },
  prices: {
    'openai/gpt-4o-mini': {
      usd_per_million_input_tokens: '0.1501',
      usd_per_million_output_tokens: '0.6',
    },
    'lucataco/moondream2': { hardware: 'gpu-l40s' },
  },
  hardware: { 'gpu-own': '0.002' },
};

const folder = temporaryFolder();
let gateway: TestGateway;
beforeAll(async () => {
  const modelsFile = join(folder.path, 'models.json');
  writeFileSync(modelsFile, JSON.stringify(file));
  gateway = await startTestGateway({ settings: { modelsFile, models: ['*'] } });
});
afterAll(async () => {
  await gateway.close();
  folder.remove();
});
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

const ask = (model: string | undefined, body: object = {}) =>
  gateway.send('/v1/completions', {
    method: 'POST',
    body: { model, prompt: 'What is this?', image_urls: PICTURE, ...body },
  });
const creates = () =>
  gateway.sandbox.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/predictions'));
const onlyLine = async () => {
  await expectOneBill(gateway);
  const lines = await ledger(gateway);
  expect(lines).toHaveLength(1);
  return lines[0];
};
/** A price of a second for a time, rounded up, as whole nano-dollars. */
const costOf = (nanosPerSecond: number, { run_time_us }: { run_time_us: string | null }): string =>
  ((BigInt(nanosPerSecond) * BigInt(run_time_us ?? '') + 999_999n) / 1_000_000n).toString();

describe('an alias', () => {
  it('hides its model, fixes inputs, and fills in what the caller leaves out and the model takes', async () => {
    gateway.sandbox.script({ run: 30, output: 'A bicycle. END of it' });
    const { json } = await ask('claims-vision', { top_p: 0.5 });
    expect(json).toMatchObject({ model: 'claims-vision', choices: [{ text: 'A bicycle. ' }] });
    expect(creates()[0]?.body).toEqual({
      version: LLAVA,
      // llava has no top_k: a default that does not fit is left out.
      input: {
        image: PICTURE,
        prompt: 'What is this?',
        max_tokens: 300,
        temperature: 0.2,
        top_p: 0.5,
      },
    });
    const line = await onlyLine();
    expect(line).toMatchObject({ model: 'claims-vision', version: LLAVA, billing: 'run_time' });
    expect(line?.cost_nanos).toBe(costOf(12_300_000, { run_time_us: line?.run_time_us ?? null }));
  });

  it('sends a fixed input in place of what would have been chosen', async () => {
    expect((await ask('captions')).status).toBe(200);
    expect(creates()[0]?.body).toHaveProperty('input', {
      ...{ image: PICTURE, question: 'What is this?' },
      ...{ task: 'image_captioning', caption: 'a photograph of' },
    });
  });

  it('runs in its own version, whatever is current', async () => {
    expect((await ask('pinned')).status).toBe(200);
    expect(creates()[0]?.body).toMatchObject({ version: PHI_IMAGE, input: { image: PICTURE } });
    expect(await onlyLine()).toMatchObject({ model: 'pinned', version: PHI_IMAGE });
  });

  it('has its own time: what takes longer is a 504 and cancelled', async () => {
    gateway.sandbox.script({ hang: true });
    const { status, json } = await ask('hasty');
    expect(status).toBe(504);
    expect(json).toMatchObject({ error: { code: 'prediction_timeout' } });
    await eventually('cancelled', () =>
      /aborted|canceled/.test(gateway.sandbox.bill.entries[0]?.status ?? ''),
    );
    expect(await onlyLine()).toMatchObject({ model: 'hasty', billing: 'nothing', cost_nanos: '0' });
  });

  it.each(['nobody', 'claims-vision:1', 'Claims-Vision', 'captions '])(
    'is known by its whole name alone, and not as %j',
    async (name) => {
      expect((await ask(name)).status).toBe(404);
      expect(gateway.sandbox.requests).toHaveLength(0);
    },
  );

  it('of the default model changes what is said of it, and keeps the rest', async () => {
    gateway.sandbox.script({ run: 30 });
    expect((await ask(undefined)).status).toBe(200);
    expect(creates()[0]?.body).toMatchObject({
      input: { image_urls: PICTURE, max_new_tokens: 200, temperature: 0.7, do_sample: true },
    });
    const line = await onlyLine();
    expect(line).toMatchObject({ model: 'cerebro-phi3.5-vision-instruct', billing: 'run_time' });
    expect(line?.cost_nanos).toBe(costOf(2_000_000, { run_time_us: line?.run_time_us ?? null }));
  });
});

describe('a price', () => {
  it.each([
    ['of the hardware that a deployment runs on', 'deployments/acme/claims-vision', 975_000],
    ["of an alias, before its deployment's hardware", 'spare', 225_000],
    ['of a model, whatever name of it the caller used', 'lucataco/moondream2', 975_000],
  ])('%s is by the microsecond, rounded up', async (_, model, nanosPerSecond) => {
    gateway.sandbox.script({ run: 33 });
    expect((await ask(model)).status).toBe(200);
    const line = await onlyLine();
    expect(Number(line?.run_time_us)).toBeGreaterThan(0);
    expect(line).toMatchObject({
      billing: 'run_time',
      cost_nanos: costOf(nanosPerSecond, { run_time_us: line?.run_time_us ?? null }),
    });
  });

  it('by the second is charged for a failure too', async () => {
    gateway.sandbox.script({ run: 20, fail: 'CUDA error' });
    expect((await ask('deployments/acme/claims-vision')).status).toBe(502);
    const line = await onlyLine();
    expect(line).toMatchObject({
      ...{ state: 'failed', billing: 'run_time' },
      cost_nanos: costOf(975_000, { run_time_us: line?.run_time_us ?? null }),
    });
    expect(line?.cost_nanos).not.toBe('0');
  });

  it('by the token is by the counts that Replicate tells, each part rounded up', async () => {
    const metrics = { input_token_count: 1003, output_token_count: 7 };
    gateway.sandbox.script({ metrics, run: 20 });
    expect((await ask('openai/gpt-4o-mini')).status).toBe(200);
    expect(await onlyLine()).toMatchObject({
      ...{ billing: 'tokens', prompt_tokens: 1003, completion_tokens: 7, version: null },
      // 1003 × 150.1 and 7 × 600 nano-dollars.
      cost_nanos: String(150_551 + 4200),
    });
  });
});
