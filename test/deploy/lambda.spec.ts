// The gateway on AWS Lambda, as template.yaml runs it: behind a stand-in of Lambda's runtime API and one of the adapter,
// with secrets from a stand-in of Secrets Manager, and real events. What only AWS can show is in docs/deploy.md.
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, eventually, question } from '../support/gateway.js';
import { startLambdaAdapter } from '../support/lambda-adapter.js';
import {
  ARN,
  invoke as invokeOn,
  type LambdaDeployment,
  METRICS_TOKEN,
  send as sendTo,
  startLambdaDeployment,
  TOKEN,
} from '../support/lambda-deployment.js';
import type { Requested } from '../support/lambda-events.js';
import { type LambdaFunction, lambdaEnvironment } from '../support/lambda-function.js';
import { startLambdaRuntime } from '../support/lambda-runtime.js';
import { chat } from '../support/stream-reader.js';

let deployment: LambdaDeployment;
let gateway: LambdaFunction;
let key: string;
beforeAll(async () => {
  deployment = await startLambdaDeployment();
  gateway = await deployment.start();
  key = await deployment.makeKey(gateway.runtime);
});
afterAll(() => deployment.close());

const invoke = (requested: Requested) => invokeOn({ key, ...requested }, { to: gateway.runtime });
const send = (requested: Requested) => sendTo({ key, ...requested }, { to: gateway.runtime });
const complete = (changes: object = {}): Requested => ({
  method: 'POST',
  path: '/v1/completions',
  body: { ...question(), ...changes },
});

describe('through the function URL', () => {
  it('answers a completion, streamed as every answer', async () => {
    const answer = await send(complete());
    expect([answer.statusCode, answer.mode], answer.text).toEqual([200, 'streaming']);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers).toHaveProperty('x-request-id');
    expect(answer.json()).toMatchObject({ choices: [{ text: 'A red bicycle.' }] });
    await deployment.expectOneBill();
  });

  it('streams a chat, chunk by chunk', async () => {
    deployment.sandbox.script({ run: 2500, output: ['A', ' red', ' bicycle', ' leans', '.'] });
    const body = { ...(chat().body as object), stream: true };
    const invocation = invoke({ method: 'POST', path: '/v1/chat/completions', body });
    expect(await invocation.head).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    });
    let before = 0;
    while ((await invocation.more()) && !invocation.isOver) {
      if (invocation.chunks.at(-1)?.includes('"content"')) before++;
    }
    expect(before).toBeGreaterThan(2);
    expect((await invocation.answer).body.toString()).toMatch(/data: \[DONE\]\n\n$/);
    await deployment.expectOneBill();
  });

  it('takes an image, which comes in base64, and gives the same bytes back', async () => {
    const image = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#c00' } })
      .png()
      .toBuffer();
    const form = new FormData();
    form.append('purpose', 'vision');
    form.append('file', new Blob([new Uint8Array(image)]), 'picture.png');
    const sent = new Response(form);
    const kept = await send({
      method: 'POST',
      path: '/v1/files',
      body: new Uint8Array(await sent.arrayBuffer()),
      headers: { 'content-type': sent.headers.get('content-type') ?? '' },
    });
    expect(kept.statusCode, kept.text).toBe(200);
    const { id } = kept.json() as { id: string };
    const content = await send({ path: `/v1/files/${id}/content` });
    expect(content.headers['content-type']).toBe('image/png');
    expect(content.body.equals(image)).toBe(true);
  });

  it.each([
    ['limit=1', 200],
    ['limit=1&limit=2', 400],
    ['limit=0', 400],
  ])('passes a query on, beside many cookies: %s', async (query, status) => {
    const answer = await send({ path: '/v1/files', query, cookies: ['a=1', 'b="2; 3"'] });
    expect(answer.statusCode, answer.text).toBe(status);
  });

  it.each([
    [401, 'invalid_api_key', { ...complete(), key: 'cbr_live_nonsense' }],
    [404, 'unknown_url', { path: '/v1/nonsense' }],
    [413, 'request_too_large', complete({ prompt: 'x'.repeat(6_300_000) })],
  ])('tells an error %d as it is', async (status, code, requested: Requested) => {
    const answer = await send(requested);
    expect(answer.statusCode, answer.text).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.headers).toHaveProperty('x-request-id');
    expect(answer.json()).toMatchObject({ error: { code } });
  });

  it('knows callers by the address that AWS saw, which is the last', async () => {
    const bound = await deployment.makeKey(gateway.runtime, { ip_allowlist: ['203.0.113.0/24'] });
    const from = async (addresses: string) =>
      (await send({ path: '/v1/models', key: bound, headers: { 'x-forwarded-for': addresses } })).statusCode;
    expect(await from('192.0.2.1, 203.0.113.7')).toBe(200);
    expect(await from('203.0.113.7, 192.0.2.1')).toBe(403);
  });

  it('shows its metrics to whoever has the token, and to nobody else', async () => {
    const status = async (token: string) => (await send({ path: '/metrics', key: token })).statusCode;
    expect([await status(METRICS_TOKEN), await status(key)]).toEqual([200, 401]);
  });

  it('waits for a model that boots, and is not asked for anything else meanwhile', async () => {
    deployment.sandbox.script({ boot: 3000 });
    const waiting = invoke(complete({ prompt: 'Cold?' }));
    const after = invoke({ path: '/healthz' });
    expect((await waiting.answer).statusCode).toBe(200);
    expect((await after.answer).statusCode).toBe(200);
    await deployment.expectOneBill();
  });

  it('prints no secret', () => {
    expect(gateway.output()).toContain('listening');
    for (const secret of [TOKEN, 'test-pepper', ADMIN_KEY, METRICS_TOKEN])
      expect(gateway.output()).not.toContain(secret);
  });
});

describe('through API Gateway', () => {
  it('answers in one piece', async () => {
    const env = lambdaEnvironment(deployment.options({ FrontDoor: 'http-api' }));
    const runtime = await startLambdaRuntime();
    const adapter = startLambdaAdapter({ ...env, AWS_LWA_PORT: gateway.env.PORT ?? '' }, runtime.address);
    try {
      const requested = { key, ...complete({ prompt: 'Whole?' }) };
      const answer = await sendTo(requested, { door: 'http-api', to: runtime });
      expect([answer.statusCode, answer.mode], answer.text).toEqual([200, 'buffered']);
      expect(answer.json()).toMatchObject({ choices: [{ text: 'A red bicycle.' }] });
    } finally {
      adapter.close();
      await runtime.close();
    }
  });
});

describe('an instance', () => {
  it('has registered the adapter, and told no error of its start', () => {
    expect(gateway.runtime.extensions).toEqual(['lambda-adapter']);
    expect(gateway.runtime.initErrors).toEqual([]);
    expect(gateway.adapter.looks()).toBeGreaterThan(0);
  });

  it('ends at once where the database is away, so that nobody waits 15 minutes', async () => {
    deployment.keep('Nowhere', 'postgresql://cerebro@127.0.0.1:1/cerebro');
    const other = await deployment.start('GatewayFunction', { DatabaseUrl: ARN('Nowhere') });
    await eventually('the end', () => other.child.exitCode !== null);
    expect([other.child.exitCode, other.output()]).toEqual([1, expect.stringContaining('127.0.0.1:1')]);
  });
});
