// The headers that OpenAI's API has on every answer, ours below `/v1` too, however an answer comes about.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type Answer, startTestGateway, type TestGateway } from '../support/gateway.js';
import { sendRaw } from '../support/raw.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ settings: { bodyLimit: 20_000 } });
});
afterAll(() => gateway.close());

const post = (path: string, body: unknown, key: string | null = gateway.key) =>
  gateway.send(path, { method: 'POST', body, key });

const answers: readonly (readonly [string, number, () => Promise<Answer>])[] = [
  ['an answer', 200, () => gateway.complete()],
  ['a list', 200, () => gateway.send('/v1/models')],
  ['a list without a body', 200, () => gateway.send('/v1/models', { method: 'HEAD' })],
  ['a wrong parameter', 400, () => gateway.complete({ max_tokens: 0 })],
  ['a body that is no JSON', 400, () => post('/v1/completions', '{broken')],
  ['no key', 401, () => gateway.send('/v1/models', { key: null })],
  ['no key and a body', 401, () => post('/v1/completions', {}, null)],
  ['the wrong kind of key', 403, () => gateway.send('/v1/models', { key: ADMIN_KEY })],
  ['an unknown model', 404, () => gateway.complete({ model: 'gpt-4o' })],
  ['an unknown address', 404, () => gateway.send('/v1/nowhere')],
  ['the address alone', 404, () => gateway.send('/v1')],
  ['a wrong method', 405, () => gateway.send('/v1/completions')],
  ['a body that is too large', 413, () => gateway.complete({ prompt: 'x'.repeat(30_000) })],
  ['another spelling', 401, () => sendRaw(gateway, '/v1/%6dodels', { key: null })],
  ['an address that cannot be decoded', 400, () => sendRaw(gateway, '/v1/%zz')],
];

describe('every answer under /v1', () => {
  it.each(answers)("has OpenAI's headers: %s", async (_, status, ask) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      'openai-version': '2020-10-01',
      'openai-processing-ms': expect.stringMatching(/^\d+$/) as string,
      'x-request-id': expect.stringMatching(/^req_[0-9a-f]{32}$/) as string,
    });
    expect(Object.keys(answer.headers).filter((name) => /^(access-control|vary$)/.test(name))).toEqual([]);
  });

  it('tells how long it took, model included', async () => {
    gateway.sandbox.script({ boot: 300, run: 100 });
    const { status, headers } = await gateway.complete();
    expect(status).toBe(200);
    expect(Number(headers['openai-processing-ms'])).toBeGreaterThanOrEqual(300);
  });
});

describe('other answers', () => {
  it.each(['/healthz', '/openapi.json', '/admin/tenants', '/nowhere', '/v11/models', '/'])(
    "do without OpenAI's headers: %s",
    async (path) => {
      const { headers } = await gateway.send(path, { key: ADMIN_KEY });
      expect(Object.keys(headers).filter((name) => name.startsWith('openai-'))).toEqual([]);
      expect(headers['x-request-id']).toMatch(/^req_/);
    },
  );
});
