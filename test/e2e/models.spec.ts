// `/v1/models`: which names callers may use, in OpenAI's shape, and that nothing is built from any other.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI, { NotFoundError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, startTestGateway, type TestGateway } from '../support/gateway.js';
import { sendRaw } from '../support/raw.js';

const DEFAULT = 'cerebro-phi3.5-vision-instruct';
const LLAVA = 'yorickvp/llava-13b';
const LLAVA_VERSION = '80537f9eead1a5bfa72d5ac6ea6414379be41d4d4f6679fd776e9535d1eb58bb';
const DEPLOYMENT = 'deployments/acme/claims-vision';

let folder: string;
let gateway: TestGateway;
let client: OpenAI;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cerebro-models-'));
  const modelsFile = join(folder, 'models.json');
  await writeFile(
    modelsFile,
    JSON.stringify({ models: { 'claims:fast': { model: 'lucataco/moondream2' } } }),
  );
  gateway = await startTestGateway({
    settings: { modelsFile, models: [LLAVA, `${LLAVA}:${LLAVA_VERSION}`, DEPLOYMENT, 'salesforce/*'] },
  });
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
});
afterAll(async () => {
  await gateway.close();
  await rm(folder, { recursive: true });
});

const model = (id: string, owner: string) => ({ id, object: 'model', created: 0, owned_by: owner });

describe('the list of models', () => {
  it('has every name that is known, the default one first, and no pattern', async () => {
    const { status, json } = await gateway.send('/v1/models');
    expect(status).toBe(200);
    expect(json).toEqual({
      object: 'list',
      data: [
        model(DEFAULT, 'jimothyjohn'),
        model('claims:fast', 'lucataco'),
        model(LLAVA, 'yorickvp'),
        model(`${LLAVA}:${LLAVA_VERSION}`, 'yorickvp'),
        model(DEPLOYMENT, 'acme'),
      ],
    });
  });

  it("is read by OpenAI's client, which reads each of them again", async () => {
    const listed: OpenAI.Model[] = [];
    for await (const each of client.models.list()) listed.push(each);
    expect(listed).toHaveLength(5);
    for (const each of listed) expect(await client.models.retrieve(each.id)).toEqual(each);
  });

  it('is the same on another node and asks nobody', async () => {
    const other = await startTestGateway({ beside: gateway });
    try {
      expect((await other.send('/v1/models')).json).toMatchObject({ data: [model(DEFAULT, 'jimothyjohn')] });
      expect(gateway.sandbox.requests).toHaveLength(0);
    } finally {
      await other.close();
    }
  });

  it('has no further pages', async () => {
    const head = await gateway.send('/v1/models', { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    expect((await gateway.send('/v1/models/')).status).toBe(404);
  });
});

describe('a model', () => {
  it.each([
    [DEFAULT, DEFAULT, 'jimothyjohn'],
    ['claims:fast', 'claims:fast', 'lucataco'],
    ['claims%3Afast', 'claims:fast', 'lucataco'],
    [LLAVA, LLAVA, 'yorickvp'],
    ['yorickvp%2Fllava-13b', LLAVA, 'yorickvp'],
    ['yorickvp%2fllava-13b', LLAVA, 'yorickvp'],
    ['%79orickvp/llava-13b', LLAVA, 'yorickvp'],
    [`${LLAVA}:${LLAVA_VERSION}`, `${LLAVA}:${LLAVA_VERSION}`, 'yorickvp'],
    [`yorickvp%2Fllava-13b%3A${LLAVA_VERSION}`, `${LLAVA}:${LLAVA_VERSION}`, 'yorickvp'],
    [DEPLOYMENT, DEPLOYMENT, 'acme'],
    ['deployments%2Facme%2Fclaims-vision', DEPLOYMENT, 'acme'],
    ['deployments/acme%2Fclaims-vision', DEPLOYMENT, 'acme'],
    ['salesforce/blip', 'salesforce/blip', 'salesforce'],
    ['salesforce/blip?x=a/b', 'salesforce/blip', 'salesforce'],
  ])('is read as %s', async (path, id, owner) => {
    const { status, json } = await sendRaw(gateway, `/v1/models/${path}`);
    expect(status).toBe(200);
    expect(json).toEqual(model(id, owner));
  });

  it.each([
    ['another', 'gpt-4o'],
    ['a path upwards', '../../x'],
    ['a path upwards to another route', '../completions'],
    ['an escaped path', '%2e%2e'],
    ['an escaped path upwards', '%2e%2e%2f%2e%2e%2fx'],
    ['an escape that is escaped', 'yorickvp%252fllava-13b'],
    ['two slashes', 'yorickvp//llava-13b'],
    ['two slashes in nothing', 'a//b'],
    ['a slash in front', '/yorickvp/llava-13b'],
    ['10 kB', 'a'.repeat(10_000)],
    ['10 kB below an owner', `salesforce/${'a'.repeat(10_000)}`],
    ['emoji', encodeURIComponent('🚲/🚲')],
    ['NUL', '%00'],
    ['NUL at its end', `${LLAVA}%00`],
    ['a line break', `${LLAVA}%0d%0ax-injected:%201`],
    ['a parameter', `${LLAVA};a=b`],
    ['other letters', 'Yorickvp/llava-13b'],
    ['a pattern', 'salesforce/*'],
    ['all', '*'],
    ['a route pattern', ':model'],
    ['another version', `${LLAVA}:${'0'.repeat(63)}`],
    ['a deployment as a model', 'acme/claims-vision'],
    ['a name of objects', '__proto__'],
    ['a name of functions', 'constructor'],
  ])('that nobody may name is a 404: %s (C10)', async (_, path) => {
    const { status, json, text, headers } = await sendRaw(gateway, `/v1/models/${path}`);
    expect(status).toBe(404);
    expect(json).toMatchObject({
      error: {
        type: 'invalid_request_error',
        code: 'model_not_found',
        param: 'model',
        message: expect.stringMatching(
          /^The model `[^]+` does not exist or you do not have access to it\.$/,
        ) as string,
      },
    });
    expect(text.length).toBeLessThan(1000);
    expect(headers['x-injected']).toBeUndefined();
    expect(gateway.sandbox.requests).toHaveLength(0);
  });

  it("that nobody may name is OpenAI's client's NotFoundError", async () => {
    await expect(client.models.retrieve('no/such')).rejects.toMatchObject({
      constructor: NotFoundError,
      code: 'model_not_found',
      param: 'model',
    });
  });

  it.each(['%', '%zz', '%ff', '%c0%ae'])('is no %s, which means nothing', async (path) => {
    const { status, json } = await sendRaw(gateway, `/v1/models/${path}`);
    expect([400, 404]).toContain(status);
    expect(json).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it.each([DEFAULT, LLAVA, 'a//b', '..'])('answers to no slash at its end: %s/', async (name) => {
    const { status, json } = await sendRaw(gateway, `/v1/models/${name}/`);
    expect(status).toBe(404);
    expect(json).toMatchObject({ error: { code: 'unknown_url', param: null } });
  });

  it.each([DEFAULT, LLAVA, 'yorickvp%2Fllava-13b'])('answers to GET and HEAD alone: %s', async (name) => {
    const head = await sendRaw(gateway, `/v1/models/${name}`, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await sendRaw(gateway, `/v1/models/${name}`, { method });
      expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
    }
  });
});

describe('models', () => {
  it('are shown to holders of a key alone (P12)', async () => {
    for (const path of ['/v1/models', `/v1/models/${DEFAULT}`, '/v1/models/no/such', '/v1/models/..']) {
      expect((await sendRaw(gateway, path, { key: null })).status).toBe(401);
      expect((await sendRaw(gateway, path, { key: ADMIN_KEY })).status).toBe(403);
    }
  });

  it.each(['//v1/models', '/V1/models', '/v1/models%2f', '/v1//models', '/v1/Models', '/v1/models;a=b'])(
    'are closed in every spelling: %s (P34, C17)',
    async (path) => {
      for (const tail of ['', `/${DEFAULT}`]) {
        for (const method of ['GET', 'HEAD']) {
          const { status } = await sendRaw(gateway, path + tail, { method, key: null });
          expect(status).toBeGreaterThanOrEqual(400);
        }
      }
    },
  );
});
