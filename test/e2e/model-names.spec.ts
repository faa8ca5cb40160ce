// Which names callers may use, and what becomes of a name while Replicate cannot be asked about it.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import {
  eventually,
  freePort,
  startTestGateway,
  startTestSandbox,
  type TestGateway,
} from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';

const LLAVA = 'yorickvp/llava-13b';
const LLAVA_VERSION = '80537f9eead1a5bfa72d5ac6ea6414379be41d4d4f6679fd776e9535d1eb58bb';
const PHI = 'jimothyjohn/phi3-vision-instruct';
const PHI_IMAGE = 'ffcebb3e1c91ddc7eb66216dc604bc6cb843a419829364a8a407a99335450205';
const PHI_URLS = 'eb47203b095603b4189c941667c3e21b7aba6694af845dae9a889a348581ed17';
const body = { prompt: 'What is this?', image_urls: 'https://example.com/image.jpg' };

const ask = (gateway: TestGateway, model: unknown) =>
  gateway.send('/v1/completions', { method: 'POST', body: { ...body, model } });

describe('a name', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({
      settings: { models: [LLAVA, `${PHI}:${PHI_IMAGE}`, 'salesforce/*', 'deployments/acme/claims-vision'] },
    });
  });
  afterAll(() => gateway.close());
  afterEach(async () => {
    await expectOneBill(gateway);
    await startAnew(gateway);
  });

  it.each([
    LLAVA,
    `${LLAVA}:${LLAVA_VERSION}`,
    `${PHI}:${PHI_IMAGE}`,
    'salesforce/blip',
    'deployments/acme/claims-vision',
    null,
    undefined,
  ])('that is allowed is answered under that name: %s', async (model) => {
    const { status, json } = await ask(gateway, model);
    expect(status).toBe(200);
    expect(json).toMatchObject({ model: model ?? 'cerebro-phi3.5-vision-instruct' });
  });

  it.each([
    ['another model', 'lucataco/moondream2'],
    ['a version that is not the one', `${PHI}:${PHI_URLS}`],
    ['a model of which one version is allowed', PHI],
    ['another deployment', 'deployments/acme/spare'],
    ['a deployment as a model', 'acme/claims-vision'],
    ['a model as a deployment', `deployments/${LLAVA}`],
    ['a pattern', 'salesforce/*'],
    ['all', '*'],
    ['a path upwards', '../../x'],
    ['a path upwards from what is allowed', `${LLAVA}/../../account`],
    ['an escaped path', '%2e%2e'],
    ['an escaped slash', 'yorickvp%2fllava-13b'],
    ['an escaped path below an owner', 'salesforce/%2e%2e'],
    ['a dotted part', 'salesforce/..'],
    ['dots', 'salesforce/.'],
    ['10 kB', 'a'.repeat(10_000)],
    ['10 kB below an owner', `salesforce/${'a'.repeat(10_000)}`],
    ['emoji', '🚲/🚲'],
    ['a line break', `${LLAVA}\n`],
    ['a header', `${LLAVA}\r\nx-injected: 1`],
    ['a query', `${LLAVA}?x=1`],
    ['a fragment', `${LLAVA}#`],
    ['an address', `https://api.replicate.com/v1/models/${LLAVA}`],
    ['other letters', 'Yorickvp/llava-13b'],
    ['letters that look the same', 'уorickvp/llava-13b'],
    ['spaces around', ` ${LLAVA} `],
    ['a short version', `${LLAVA}:80537f9e`],
    ['a version in capitals', `${LLAVA}:${LLAVA_VERSION.toUpperCase()}`],
    ['two versions', `${LLAVA}:${LLAVA_VERSION}:${LLAVA_VERSION}`],
    ['a deployment with a version', `deployments/acme/claims-vision:${LLAVA_VERSION}`],
    ['a name of objects', '__proto__'],
    ['a name of functions', 'constructor'],
  ])('that is not allowed is a 404, and Replicate hears nothing of it: %s', async (_, model) => {
    const { status, json, text } = await ask(gateway, model);
    expect(status).toBe(404);
    expect(json).toMatchObject({
      error: { type: 'invalid_request_error', code: 'model_not_found', param: 'model' },
    });
    expect(text.length).toBeLessThan(600);
    expect(gateway.sandbox.requests).toHaveLength(0);
    expect(await ledger(gateway)).toHaveLength(0);
  });
});

describe('while Replicate cannot be reached', () => {
  let port: number;
  let sandbox: Sandbox | undefined;
  let gateway: TestGateway;
  beforeAll(async () => {
    port = await freePort();
    gateway = await startTestGateway({
      settings: { models: ['*'], replicateBaseUrl: `http://127.0.0.1:${port}/v1` },
    });
  });
  afterAll(async () => {
    await sandbox?.close();
    await gateway.close();
  });
  const told = { type: 'server_error', code: 'upstream_unavailable', param: null };

  it('from the start, a name is a 503 that is safe to retry, and no guess', async () => {
    const { status, json, headers } = await ask(gateway, LLAVA);
    expect(status).toBe(503);
    expect(json).toMatchObject({ error: told });
    expect(headers).toMatchObject({ 'x-should-retry': 'true', 'retry-after': '5' });
    expect(await ledger(gateway)).toHaveLength(0);
  });

  it('after a name was looked up, what is known of it goes on being used up to the create', async () => {
    const reached = { ...gateway, sandbox: (sandbox = await startTestSandbox({ port })) };
    expect((await ask(gateway, LLAVA)).status).toBe(200);
    await expectOneBill(reached);
    await sandbox.close();

    // Known: checked against its schema, and refused or sent.
    const refused = await gateway.send('/v1/completions', {
      method: 'POST',
      body: { ...body, model: LLAVA, seed: 1 },
    });
    expect(refused.status).toBe(400);
    const { status, json, headers } = await ask(gateway, LLAVA);
    expect(status).toBe(503);
    expect(json).toMatchObject({ error: told });
    expect(headers['x-should-retry']).toBe('true');
    // Not known.
    expect((await ask(gateway, 'salesforce/blip')).status).toBe(503);
    await eventually('settled', async () => (await ledger(gateway)).at(-1)?.settled_at != null);
    expect(await ledger(gateway)).toMatchObject([
      { model: LLAVA, state: 'succeeded' },
      { model: LLAVA, state: 'failed', error: 'upstream_unavailable', billing: 'nothing', cost_nanos: '0' },
    ]);
    await startAnew(reached);
  });

  it('ends with it: the next calls are answered', async () => {
    sandbox = await startTestSandbox({ port });
    expect((await ask(gateway, LLAVA)).status).toBe(200);
    expect((await ask(gateway, 'salesforce/blip')).status).toBe(200);
    expect(sandbox.bill.creates).toBe(2);
    await expectOneBill({ ...gateway, sandbox });
  });
});
