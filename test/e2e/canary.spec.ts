// Nothing that is secret or a caller's own is written down: in the log, in metrics, in traces, in errors, in tables (P10,
// I1). Each test gateway is searched for what passed through it when it closes; here it is shown that the search finds
// things, and there is traffic that tries hard to leave something behind.
import { createSecretKey, randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePicture, pngChunk } from '../../src/images/pictures.fixture.js';
import type { Fault } from '../../src/sandbox/faults/fault.js';
import { Telemetry } from '../../src/telemetry/telemetry.js';
import { AdminApi } from '../support/admin.js';
import { uploadFile } from '../support/asking.js';
import { canary, expectNone } from '../support/canary.js';
import { asked, chat, imagePart } from '../support/chat.js';
import {
  ADMIN_KEY,
  freePort,
  REPLICATE_TOKEN,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.js';
import { type Collector, startCollector } from '../support/otlp-collector.js';
import { picture, type PictureServer, startPictureServer } from '../support/picture-server.js';
import { execute } from '../support/postgres.js';
import { sendRaw } from '../support/raw.js';
import { chat as chatStream, readStream } from '../support/stream-reader.js';
import { fitting } from '../support/structured.js';

/** In each prompt, picture and answer here. */
const PROMPT = 'canary-prompt-4711 "quoted"\nin two lines';
const PICTURE = 'canary-picture-4711';
const SAID = 'canary-said-4711';
const METRICS_TOKEN = 'canary-metrics-token-4711';
const OWN_TOKEN = 'canary-own-token-4711-canary';
const ADDRESS = `https://example.com/${PICTURE}.png?token=${OWN_TOKEN}`;

describe('the search', () => {
  it('finds what was written down, wherever that is', async () => {
    const leaky = await startTestGateway();
    expect((await leaky.complete({ prompt: PROMPT })).status).toBe(200);
    new Logger('Leaky').warn({ detail: PROMPT, header: Buffer.from(ADMIN_KEY).toString('base64') });
    leaky.app.nest.get(Telemetry).metrics.errors.inc({ code: PROMPT });
    await execute(leaky.databaseUrl, `UPDATE tenants SET name = '${REPLICATE_TOKEN}'`);
    await execute(leaky.databaseUrl, `UPDATE predictions SET upstream = 'A red bicycle.'`);
    const found = await leaky.close().then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
    expect(found).toMatch(/^the log: a prompt, [^]*Leaky/m);
    expect(found).toMatch(/^the log: a secret, [^]*Leaky/m);
    expect(found).toMatch(/^\/metrics: a prompt, /m);
    expect(found).toMatch(/^tenants: a secret, /m);
    expect(found).toMatch(/^predictions: a answer, /m);
  });

  it('finds what an error tells', async () => {
    const gateway = await startTestGateway();
    canary.learn('secret', 'canary-in-a-path-4711');
    await expect(gateway.send('/canary-in-a-path-4711')).rejects.toThrow(/the answer to GET .*: a secret/);
    await gateway.close();
  });
});

describe('a gateway, whatever is sent to it and whatever fails', () => {
  let gateway: TestGateway;
  let collector: Collector;
  let web: PictureServer;
  let png: Buffer;
  beforeAll(async () => {
    collector = await startCollector();
    web = await startPictureServer();
    png = await markedPicture();
    const port = await freePort();
    gateway = await startTestGateway({
      port,
      settings: {
        publicUrl: `http://127.0.0.1:${port}`,
        models: ['*'],
        metricsToken: METRICS_TOKEN,
        encryptionKeys: [{ version: 1, key: createSecretKey(randomBytes(32)) }],
        privateImageHosts: [web.host],
        traces: { url: collector.url, serviceName: 'cerebro', sampler: 'always_on', ratio: 1 },
      },
      sandbox: { model: () => SAID },
    });
    for (const text of [PROMPT, PROMPT.slice(0, 18)]) canary.learn('prompt', text);
    canary.learn('image', PICTURE);
    canary.learn('answer', SAID);
    canary.learn('secret', OWN_TOKEN);
  });
  afterAll(async () => {
    await gateway.close();
    await collector.close();
    await web.close();
    expect(collector.spans.length).toBeGreaterThan(20);
    expectNone(collector.bodies.flatMap((body) => canary.findIn('a span', body.toString('latin1'))));
  });

  const withPicture = (fields: object = {}) => ({
    prompt: PROMPT,
    image_urls: ADDRESS,
    ...fields,
  });
  const complete = (fields: object = {}) =>
    gateway.send('/v1/completions', { method: 'POST', body: withPicture(fields) });
  const dataUri = () => `data:image/png;base64,${png.toString('base64')}`;

  it('writes nothing down of calls that are answered', async () => {
    const uploaded = await uploadFile(gateway, png);
    const page = web.put(`/${PICTURE}.png`, picture(png));
    const messages = [{ role: 'system', content: PROMPT }, asked(PROMPT, imagePart(dataUri()))];
    for (const answer of [
      await complete(),
      await complete({ image_urls: page }),
      await complete({ image_urls: dataUri() }),
      await chat(gateway, { messages, model: 'yorickvp/llava-13b' }),
      await chat(gateway, { messages: [asked(PROMPT, { type: 'image_url', image_url: { url: uploaded } })] }),
      await gateway.complete({ prompt: PROMPT }, { headers: { 'idempotency-key': 'key-1' } }),
      await gateway.complete({ prompt: PROMPT }, { headers: { 'idempotency-key': 'key-1' } }),
    ])
      expect([200, 400], answer.text).toContain(answer.status);
    const stream = await readStream(gateway, chatStream(PROMPT, { n: 2 }));
    expect(stream.status).toBe(200);
  });

  it.each<[string, Fault]>([
    [
      'a refusal that repeats everything',
      { status: 422, body: { detail: `${PROMPT} ${REPLICATE_TOKEN} ${PICTURE}` } },
    ],
    [
      'an error that repeats everything',
      { status: 500, body: `<p>${PROMPT} ${REPLICATE_TOKEN} ${PICTURE}</p>` },
    ],
    [
      'a problem with the token',
      { status: 401, body: { title: REPLICATE_TOKEN, detail: PROMPT, status: 401 } },
    ],
    ['a limit', { status: 429, body: { detail: `${PROMPT} ${REPLICATE_TOKEN}` } }],
    ['a redirect', { redirect: `https://example.com/${OWN_TOKEN}` }],
    ['a failure that quotes the input', { fail: `ValueError: ${PROMPT} https://x/${PICTURE}` }],
    ['logs and a failure', { logs: PROMPT, fail: `Traceback: ${PROMPT}` }],
    ['JSON that breaks off', { truncatedJson: true }],
    ['an answer that is none', { output: { [PROMPT]: SAID } }],
    ['a lost answer', { resetAfterAccept: true }],
    ['reads that fail', { boot: 300, onGet: { status: 500, body: PROMPT, times: 3 } }],
  ])('writes nothing down of %s', async (_, fault) => {
    gateway.sandbox.script(fault);
    await complete();
    gateway.sandbox.script(fault);
    const body = { model: 'yorickvp/llava-13b', messages: [asked(PROMPT, imagePart(ADDRESS))] };
    await readStream(gateway, { body, checked: false });
  });

  it('writes nothing down of bodies that are wrong', async () => {
    const post = (body: unknown) => gateway.send('/v1/chat/completions', { method: 'POST', body });
    for (const body of [
      `{"prompt": "${PROMPT}", "key": "${gateway.key}"`,
      `"${PROMPT.slice(0, 18)}`,
      { messages: PROMPT },
      { messages: [{ role: 'user', content: { text: PROMPT } }] },
      { messages: [asked(PROMPT, imagePart(`data:image/png;base64,${PICTURE}`))] },
      { messages: [asked(PROMPT, imagePart(`https://user:${OWN_TOKEN}@example.com/${PICTURE}.png`))] },
      { messages: [asked(`${PROMPT}\0`)] },
      { messages: [asked(PROMPT)], temperature: PROMPT },
      { messages: [asked(PROMPT)], max_tokens: 1e9 },
      { messages: [asked(PROMPT)], stop: [PROMPT, 1] },
    ])
      expect((await post(body)).status).toBe(400);
    gateway.sandbox.script({ output: `{"text": "${SAID}` }, { output: SAID });
    const { status } = await chat(gateway, { messages: [asked(PROMPT, imagePart())], ...fitting() });
    expect(status).toBe(400);
  });

  it('writes nothing down of credentials, wherever they are sent', async () => {
    const { key } = gateway;
    for (const authorization of [
      key,
      `Basic ${key}`,
      `Bearer ${key} x`,
      `Bearer ${key}x`,
      `Token ${ADMIN_KEY}`,
    ])
      expect((await gateway.send('/v1/models', { key: null, headers: { authorization } })).status).toBe(401);
    for (const query of [`api_key=${key}`, `key=${ADMIN_KEY}`, `access_token=${REPLICATE_TOKEN}`]) {
      expect((await gateway.send(`/v1/models?${query}`, { key: null })).status).toBe(401);
      await gateway.send(`/v1/nothing?${query}`);
    }
    await sendRaw(gateway, '/v1/models', { headers: { 'x-api-key': key, cookie: ADMIN_KEY } });
    await gateway.send('/metrics', { key });
    expect((await gateway.send('/metrics', { key: METRICS_TOKEN })).status).toBe(200);
    const headers = { 'webhook-id': key, 'webhook-timestamp': '1', 'webhook-signature': `v1,${OWN_TOKEN}` };
    const path = '/webhooks/replicate/prd_00000000000000000000000000000000';
    await gateway.send(path, { method: 'POST', key: null, headers, body: { input: PROMPT, output: SAID } });
  });

  it('writes nothing down of what operators set', async () => {
    const admin = new AdminApi(gateway);
    const { id, path } = await admin.tenant({
      alerts: { url: 'https://hooks.example.com/x', thresholds: [50] },
    });
    await admin.key(id, { name: 'another' });
    const rotated = await admin.key(id);
    expect((await admin.post(`${rotated.path}/rotate`, {})).status).toBe(201);
    expect((await admin.patch(path, { upstream_token: OWN_TOKEN })).status).toBe(200);
    for (const body of [
      { upstream_token: { value: OWN_TOKEN } },
      { upstream_token: `${OWN_TOKEN} ${OWN_TOKEN}` },
      { [OWN_TOKEN.slice(0, 5)]: OWN_TOKEN },
      { alerts: { url: `http://user:${OWN_TOKEN}@example.com/` } },
      `{"upstream_token": "${OWN_TOKEN}"`,
    ])
      expect((await admin.patch(path, body)).status).toBe(400);
    await gateway.send('/admin/audit-events', { key: ADMIN_KEY });
  });

  it.each([
    'retained_contents',
    'idempotent_calls',
    'predictions',
    'stored_images',
    'audit_events',
    'api_keys',
  ])('writes nothing down of rows that PostgreSQL refuses: %s', async (table) => {
    const admin = new AdminApi(gateway);
    const { id } = await admin.tenant({ retention: { content_days: 1 } });
    const { key } = await admin.key(id);
    const sql = (text: string) => execute(gateway.databaseUrl, text);
    await sql(`ALTER TABLE ${table} ADD CONSTRAINT refuses CHECK (false) NOT VALID`);
    try {
      const headers = { 'idempotency-key': `of-${table}` };
      await gateway.complete({ prompt: PROMPT }, { key, headers });
      await gateway.complete({ prompt: PROMPT, image_urls: dataUri() }, { key });
      const form = new FormData();
      form.append('purpose', 'vision');
      form.append('file', new Blob([new Uint8Array(png)]), `${PICTURE}.png`);
      await fetch(`${gateway.url}/v1/files`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}` },
        body: form,
      });
      await admin.post(`/admin/tenants/${id}/keys`, { name: 'another' });
      // Whoever writes in the background has done so by then.
      await new Promise((resolve) => setTimeout(resolve, 300));
    } finally {
      await sql(`ALTER TABLE ${table} DROP CONSTRAINT refuses`);
    }
    expect(canary.lines.join('')).toContain('violates check constraint');
  });
});

/** A picture with a text in it. */
async function markedPicture(): Promise<Buffer> {
  const plain = await makePicture('png');
  const behindHeader = 33;
  const text = pngChunk('tEXt', Buffer.from(`Comment\0${PICTURE}`));
  return Buffer.concat([plain.subarray(0, behindHeader), text, plain.subarray(behindHeader)]);
}
