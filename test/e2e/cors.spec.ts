// Which pages may call us from a browser: none by default, else those that the operator names.
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type Answer, type Sent, startTestGateway, type TestGateway } from '../support/gateway.js';

const APP = 'https://app.example.com';
const LOCAL = 'http://localhost:5173';

/** What OpenAI's client sends from a browser, as a browser announces it. */
const ASKED =
  'authorization,content-type,idempotency-key,openai-organization,openai-project,user-agent,x-stainless-arch,x-stainless-helper-method,x-stainless-lang,x-stainless-os,x-stainless-package-version,x-stainless-retry-count,x-stainless-runtime,x-stainless-runtime-version,x-stainless-timeout';

const corsHeaders = ({ headers }: Answer) =>
  Object.keys(headers).filter((name) => name.startsWith('access-control-'));

const from = (gateway: TestGateway, origin: string | undefined) => ({
  send: (path: string, { headers, ...sent }: Sent = {}) =>
    gateway.send(path, { ...sent, headers: { ...headers, ...(origin && { origin }) } }),
  preflight: (path: string, method = 'POST', headers = ASKED) =>
    gateway.send(path, {
      method: 'OPTIONS',
      key: null,
      headers: {
        ...(origin && { origin }),
        'access-control-request-method': method,
        'access-control-request-headers': headers,
      },
    }),
});

describe('without origins', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());

  it('nothing is said of origins, and OPTIONS is a method like any other', async () => {
    const page = from(gateway, APP);
    const answers = [
      await page.send('/v1/models'),
      await page.send('/v1/models', { key: null }),
      await page.send('/openapi.json'),
      await page.preflight('/v1/completions'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 200, 405]);
    for (const answer of answers) {
      expect(corsHeaders(answer)).toEqual([]);
      expect(answer.headers.vary).toBeUndefined();
    }
    expect(answers[3]?.headers.allow).toBe('POST');
    expect(gateway.app.routes.list().filter((route) => route.startsWith('OPTIONS'))).toEqual([]);
  });
});

describe('an allowed origin', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ settings: { corsOrigins: [APP, LOCAL], bodyLimit: 20_000 } });
  });
  afterAll(() => gateway.close());

  it.each([
    [APP, '/v1/completions', 'POST'],
    [APP, '/v1/models/jimothyjohn%2Fphi3-vision-instruct', 'GET'],
    [LOCAL, '/v1/files/file-x', 'DELETE'],
    [LOCAL, '/openapi.json', 'GET'],
    [APP, '/v1/nowhere', 'POST'],
  ])('is told that it may, without a key: %s %s', async (origin, path, method) => {
    const { status, headers, text } = await from(gateway, origin).preflight(path, method);
    expect([status, text]).toEqual([204, '']);
    expect(headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers': ASKED,
      'access-control-max-age': '600',
      'x-request-id': expect.stringMatching(/^req_/) as string,
    });
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
    expect(String(headers.vary).toLowerCase()).toContain('origin');
  });

  it('may read answers, and what is in their headers', async () => {
    const { send } = from(gateway, APP);
    const body = { prompt: 'What is this?', image_urls: 'https://example.com/image.jpg' };
    const { status, headers } = await send('/v1/completions', { method: 'POST', body });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'access-control-allow-origin': APP, vary: 'Origin' });
    const exposed = String(headers['access-control-expose-headers']).split(', ');
    const own = Object.keys(headers).filter((name) => /^(x-|openai-|server-timing|retry)/.test(name));
    expect(own.length).toBeGreaterThan(4);
    expect(exposed).toEqual(expect.arrayContaining(own));
    expect(exposed).toEqual(
      expect.arrayContaining(['retry-after', 'retry-after-ms', 'x-should-retry', 'idempotent-replayed']),
    );
  });

  it.each([
    ['no key', 401, '/v1/models', { key: null }],
    ['no key and a body', 401, '/v1/completions', { method: 'POST', body: {}, key: null }],
    ['the wrong key', 403, '/v1/models', { key: ADMIN_KEY }],
    ['an unknown model', 404, '/v1/models/x', {}],
    ['an unknown address', 404, '/v1/nowhere', {}],
    ['a wrong method', 405, '/v1/completions', {}],
    ['a wrong parameter', 400, '/v1/completions', { method: 'POST', body: { prompt: 5 } }],
    ['no JSON', 400, '/v1/completions', { method: 'POST', body: '{' }],
    ['too much', 413, '/v1/completions', { method: 'POST', body: { prompt: 'x'.repeat(30_000) } }],
    [
      'another type',
      415,
      '/v1/completions',
      { method: 'POST', body: 'x', headers: { 'content-type': 'a/b' } },
    ],
    ['OPTIONS that is no preflight', 405, '/v1/completions', { method: 'OPTIONS' }],
  ] as const)('may read errors: %s', async (_, expected, path, sent) => {
    const { status, headers, json } = await from(gateway, APP).send(path, sent);
    expect(status).toBe(expected);
    expect(json).toHaveProperty('error.message');
    expect(headers).toMatchObject({
      'access-control-allow-origin': APP,
      'access-control-expose-headers': expect.stringContaining('x-request-id') as string,
    });
  });

  it('may not call the admin API, nor ask whether it may', async () => {
    const page = from(gateway, APP);
    for (const path of [
      '/admin/tenants',
      '/admin/tenants/x/keys',
      '/%61dmin/tenants',
      '/v1/../admin/tenants',
    ]) {
      const preflight = await page.preflight(path);
      expect(preflight.status).toBeGreaterThanOrEqual(400);
      expect(corsHeaders(preflight)).toEqual([]);
    }
    const listed = await page.send('/admin/tenants', { key: ADMIN_KEY });
    expect(listed.status).toBe(200);
    expect(corsHeaders(listed)).toEqual([]);
    for (const path of ['/healthz', '/readyz', '/docs', '/images/x'])
      expect(corsHeaders(await page.send(path))).toEqual([]);
  });

  it("may use OpenAI's client", async () => {
    const seen: string[] = [];
    const client = new OpenAI({
      baseURL: `${gateway.url}/v1`,
      apiKey: gateway.key,
      dangerouslyAllowBrowser: true,
      organization: 'org-x',
      project: 'proj_x',
      maxRetries: 0,
      // A browser's part: no simple request, so it asks first, and hands on only what it may.
      fetch: async (input, init) => {
        const request = new Request(input, init);
        const names = [...request.headers.keys()]
          .filter((name) => name !== 'accept')
          .sort()
          .join(',');
        const path = request.url.slice(gateway.url.length);
        const { status, headers } = await from(gateway, APP).preflight(path, request.method, names);
        seen.push(`${request.method} ${path}`);
        const granted = String(headers['access-control-allow-headers']);
        if (status !== 204 || headers['access-control-allow-origin'] !== APP || granted !== names)
          throw new TypeError('Failed to fetch');
        request.headers.set('origin', APP);
        const answer = await fetch(request);
        if (answer.headers.get('access-control-allow-origin') !== APP) throw new TypeError('Failed to fetch');
        return answer;
      },
    });
    expect((await client.models.list()).data).toHaveLength(1);
    await expect(client.models.retrieve('no/such')).rejects.toMatchObject({ code: 'model_not_found' });
    const answer = await client.completions.create({
      model: 'cerebro-phi3.5-vision-instruct',
      prompt: 'Describe the image.',
      image_urls: 'https://example.com/image.jpg',
    } as OpenAI.CompletionCreateParamsNonStreaming);
    expect(answer.choices[0]?.text).toBe('A red bicycle.');
    expect(seen).toEqual(['GET /v1/models', 'GET /v1/models/no%2Fsuch', 'POST /v1/completions']);
  });
});

describe('a node that shuts down', () => {
  it('lets pages read that they should try again', async () => {
    const gateway = await startTestGateway({ settings: { corsOrigins: [APP] } });
    try {
      await gateway.app.inFlight.drain(0);
      const { status, headers } = await from(gateway, APP).send('/v1/models');
      expect(status).toBe(503);
      expect(headers).toMatchObject({ 'access-control-allow-origin': APP, 'x-should-retry': 'true' });
      expect(headers['openai-version']).toBeDefined();
    } finally {
      await gateway.close();
    }
  });
});

describe('a foreign origin', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ settings: { corsOrigins: [APP] } });
  });
  afterAll(() => gateway.close());

  it.each([
    'https://evil.example',
    'https://app.example.com.evil.example',
    'https://app.example.com:8443',
    'http://app.example.com',
    'https://APP.example.com',
    'null',
    '*',
    undefined,
  ])('gets no header and no preflight: %s', async (origin) => {
    const page = from(gateway, origin);
    const answers = [
      await page.preflight('/v1/completions'),
      await page.preflight('/v1/models', 'GET'),
      await page.send('/v1/models'),
      await page.send('/v1/models', { key: null }),
      await page.send('/openapi.json'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([405, 405, 200, 401, 200]);
    for (const answer of answers) {
      expect(corsHeaders(answer)).toEqual([]);
      expect(answer.headers.vary).toBe('Origin');
    }
    expect(answers.slice(0, 2).map(({ headers }) => headers.allow)).toEqual(['POST', 'GET, HEAD']);
  });

  it('changes nothing about which routes there are', async () => {
    const plain = await startTestGateway({ beside: gateway });
    try {
      expect(gateway.app.routes.list()).toEqual(plain.app.routes.list());
      const { status, json } = await gateway.send('/nowhere', { method: 'OPTIONS' });
      expect(status).toBe(404);
      expect(json).toMatchObject({ error: { code: 'unknown_url' } });
    } finally {
      await plain.close();
    }
  });
});

describe('any origin', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ settings: { corsOrigins: ['*'] } });
  });
  afterAll(() => gateway.close());

  it.each([APP, 'https://evil.example', 'null'])('may call where all may: %s', async (origin) => {
    const page = from(gateway, origin);
    const preflight = await page.preflight('/v1/completions');
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([204, '*']);
    for (const key of [gateway.key, null]) {
      const { headers } = await page.send('/v1/models', { key });
      expect(headers['access-control-allow-origin']).toBe('*');
    }
    expect(corsHeaders(await page.preflight('/admin/tenants'))).toEqual([]);
  });
});
