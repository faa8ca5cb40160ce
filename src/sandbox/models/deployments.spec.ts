import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call, create, echo, ended } from '../sandbox.fixture.js';
import { startSandbox, type Sandbox } from '../sandbox.js';

const LLAVA = '80537f9eead1a5bfa72d5ac6ea6414379be41d4d4f6679fd776e9535d1eb58bb';
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ model: echo });
});
afterEach(() => {
  sandbox.reset();
});
afterAll(() => sandbox.close());

describe('a deployment', () => {
  const input = { image: 'data:image/png;base64,AAAA', prompt: 'one two' };

  it('shows its release', async () => {
    const { body } = await call('GET', `${sandbox.baseUrl}/deployments/acme/claims-vision`);
    expect(body).toMatchObject({
      owner: 'acme',
      name: 'claims-vision',
      current_release: {
        number: 1,
        model: 'yorickvp/llava-13b',
        version: LLAVA,
        created_at: '2026-01-01T12:00:00.000000Z',
        configuration: { hardware: 'gpu-l40s', min_instances: 0, max_instances: 5 },
      },
    });
    expect((await call('GET', `${sandbox.baseUrl}/deployments/acme/other`)).status).toBe(404);
  });

  it('runs its release, and is billed at its hardware', async () => {
    const url = `${sandbox.baseUrl}/deployments/acme/claims-vision/predictions`;
    const created = await call('POST', url, { body: { input } });
    expect(created).toMatchObject({
      status: 201,
      body: { deployment: 'acme/claims-vision', model: 'yorickvp/llava-13b', version: LLAVA },
    });
    expect((await ended(sandbox, created)).body).toMatchObject({
      deployment: 'acme/claims-vision',
      output: ['one ', 'two ', '(1)'],
    });
    expect(sandbox.bill.entries).toMatchObject([{ deployment: 'acme/claims-vision', hardware: 'gpu-l40s' }]);
  });

  it('is not found under another name, and takes no version', async () => {
    const url = `${sandbox.baseUrl}/deployments/acme`;
    expect((await call('POST', `${url}/other/predictions`, { body: { input } })).status).toBe(404);
    const named = await call('POST', `${url}/claims-vision/predictions`, { body: { input, version: LLAVA } });
    expect(named).toMatchObject({ status: 422, body: { invalid_fields: [{ field: '' }] } });
    expect(sandbox.bill.creates).toBe(0);
  });
});

describe('an official model', () => {
  it('counts its tokens, which a community model does not', async () => {
    const official = await create(sandbox, {
      version: 'meta/meta-llama-3-8b-instruct',
      input: { prompt: 'Describe the image.' },
    });
    expect((await ended(sandbox, official)).body.metrics).toMatchObject({
      input_token_count: 5,
      output_token_count: 8,
    });
    const community = await ended(sandbox, await create(sandbox));
    expect(Object.keys(community.body.metrics as object)).toEqual(['predict_time', 'total_time']);
  });

  it('says what it is', async () => {
    const { body } = await call('GET', `${sandbox.baseUrl}/models/openai/gpt-4o-mini`);
    expect(body).toMatchObject({ is_official: true, latest_version: { id: 'hidden' } });
  });
});

describe('a model without words', () => {
  it('answers with a file or with nothing', async () => {
    const rembg = await create(sandbox, {
      version: 'fb8af171cfa1616ddcf1242c093f9c46bcada5ad4cf6f2fbe8b81b330ec5c003',
    });
    expect((await ended(sandbox, rembg)).body.output).toMatch(/^https:\/\/replicate\.delivery\//);
    const { latest_version } = (await call('GET', `${sandbox.baseUrl}/models/acme/speechless`)).body;
    const speechless = await create(sandbox, { version: (latest_version as { id: string }).id });
    expect((await ended(sandbox, speechless)).body).toMatchObject({ status: 'succeeded', output: null });
  });
});
