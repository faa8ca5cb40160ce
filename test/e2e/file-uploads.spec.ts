// Uploads over HTTP: forms, and bodies that are none.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimedPng, makePicture } from '../../src/images/pictures.fixture.js';
import { ADMIN_KEY, type Answer, startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let client: OpenAI;
let png: Buffer;
beforeAll(async () => {
  gateway = await startTestGateway();
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
  png = await makePicture('png');
});
afterAll(() => gateway.close());

const create = async (bytes: Uint8Array = png, name = 'a.png') =>
  client.files.create({ file: await toFile(bytes, name), purpose: 'vision' });

interface Part {
  readonly name: string;
  readonly filename?: string;
  readonly content: string | Uint8Array;
}

const upload: Part = { name: 'file', filename: 'a.png', content: '' };
const purpose: Part = { name: 'purpose', content: 'vision' };

/** A form, part by part. */
function form(...parts: readonly Part[]): Buffer {
  const pieces = parts.flatMap(({ name, filename, content }) => [
    `--b\r\nContent-Disposition: form-data; name="${name}"${filename ? `; filename="${filename}"` : ''}\r\n\r\n`,
    content,
    '\r\n',
  ]);
  return Buffer.concat([...pieces, '--b--\r\n'].map((piece) => Buffer.from(piece as string)));
}

const post = (body: unknown, headers: Record<string, string> = {}, path = '/v1/files') =>
  gateway.send(path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'multipart/form-data; boundary=b', ...headers },
  });

function expectError({ status, json }: Answer, expected: number, error: object): void {
  expect(status).toBe(expected);
  expect(json).toMatchObject({ error: { type: 'invalid_request_error', ...error } });
  expect(Object.keys((json as { error: object }).error)).toEqual(['message', 'type', 'param', 'code']);
}

describe('an upload', () => {
  it('keeps the picture alone, not what stands behind it (D6)', async () => {
    const file = await create(Buffer.concat([png, Buffer.from('PK\x03\x04<script>')]));
    expect(file.bytes).toBe(png.length);
  });

  it.each<[string, () => Part[], string, string]>([
    ['no file', () => [purpose], 'file', 'missing_required_parameter'],
    ['no purpose', () => [{ ...upload, content: png }], 'purpose', 'missing_required_parameter'],
    [
      'a purpose that is not for pictures',
      () => [
        { ...upload, content: png },
        { ...purpose, content: 'batch' },
      ],
      'purpose',
      'invalid_value',
    ],
    ['a file that is a text', () => [{ name: 'file', content: 'x' }, purpose], 'file', 'invalid_type'],
    [
      'a purpose that is a file',
      () => [
        { ...upload, content: png },
        { ...upload, name: 'purpose' },
      ],
      'purpose',
      'invalid_value',
    ],
    [
      'a file of another name',
      () => [{ ...upload, name: 'image', content: png }, purpose],
      'image',
      'unknown_parameter',
    ],
    [
      'a field called __proto__',
      () => [{ ...upload, content: png }, purpose, { name: '__proto__', content: 'x' }],
      '__proto__',
      'unknown_parameter',
    ],
    [
      'a field called constructor',
      () => [{ ...upload, content: png }, purpose, { name: 'constructor', content: 'x' }],
      'constructor',
      'unknown_parameter',
    ],
    [
      'two files (P7)',
      () => [{ ...upload, content: png }, { ...upload, content: png }, purpose],
      'file',
      'bad_http',
    ],
    [
      'no end of an hour',
      () => [{ ...upload, content: png }, purpose, { name: 'expires_after[seconds]', content: '10' }],
      'expires_after[seconds]',
      'integer_below_min_value',
    ],
    [
      'more than 30 days',
      () => [{ ...upload, content: png }, purpose, { name: 'expires_after[seconds]', content: '99999999' }],
      'expires_after[seconds]',
      'integer_above_max_value',
    ],
    [
      'a time that is no number',
      () => [{ ...upload, content: png }, purpose, { name: 'expires_after[seconds]', content: '1e5' }],
      'expires_after[seconds]',
      'invalid_type',
    ],
    ['an empty file', () => [{ ...upload, content: '' }, purpose], 'file', 'invalid_image'],
    ['a page', () => [{ ...upload, content: '<html></html>' }, purpose], 'file', 'invalid_image'],
    ['half a picture', () => [{ ...upload, content: png.subarray(0, 60) }, purpose], 'file', 'invalid_image'],
    [
      'a pixel flood',
      () => [{ ...upload, content: claimedPng(16_000, 16_000) }, purpose],
      'file',
      'image_too_large',
    ],
    ['1 × 1', () => [{ ...upload, content: claimedPng(1, 1) }, purpose], 'file', 'invalid_image'],
  ])('is refused when it has %s (D6)', async (_, parts, param, code) => {
    expectError(await post(form(...parts())), 400, { param, code });
  });

  it.each([
    ['nothing', '', 'multipart/form-data; boundary=b'],
    ['a megabyte of dashes', '-'.repeat(1024 ** 2), 'multipart/form-data; boundary=b'],
    [
      'a megabyte of dashes, and a boundary of them',
      '-'.repeat(1024 ** 2),
      `multipart/form-data; boundary=${'-'.repeat(70)}`,
    ],
    ['a boundary that is too long', '--b--', `multipart/form-data; boundary=${'b'.repeat(71)}`],
    ['a boundary of kilobytes', '--b--', `multipart/form-data; boundary=${'-'.repeat(8000)}`],
    ['no boundary', '--b--', 'multipart/form-data'],
    [
      'no end',
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n',
      'multipart/form-data; boundary=b',
    ],
    ['JSON', '{"purpose":"vision"}', 'multipart/form-data; boundary=b'],
  ])('is refused when its body has %s (P7)', async (_, body, type) => {
    const answer = await post(body, { 'content-type': type });
    expect([400, 415]).toContain(answer.status);
    expect(answer.json).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('is refused above the limit by its announced length, unread (C1)', async () => {
    const head = ['POST /v1/files HTTP/1.1', 'host: x', `authorization: Bearer ${gateway.key}`];
    head.push('content-type: multipart/form-data; boundary=b', 'content-length: 104857600', '', '--b\r\n');
    const answer = await raw(head.join('\r\n'));
    expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*request_too_large/);
  });

  it('is refused above the limit while it is read', async () => {
    const chunked = chunkedBody(randomBytes(1024 ** 2), 16);
    const answer = await fetch(`${gateway.url}/v1/files`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'multipart/form-data; boundary=b' },
      body: chunked,
      duplex: 'half',
    }).catch((error: unknown) => error as Error);
    if (answer instanceof Error) expect(String(answer.cause)).toMatch(/other side closed|EPIPE|ECONNRESET/);
    else expect(answer.status).toBe(413);
    expect((await gateway.send('/v1/files')).status).toBe(200);
  });

  it('of 10 MiB and some is refused as an image that is too large', async () => {
    const content = Buffer.concat([png, Buffer.alloc(10 * 1024 ** 2)]);
    expectError(await post(form({ ...upload, content }, purpose)), 400, {
      param: 'file',
      code: 'image_too_large',
    });
  });

  it('that is cut off by its sender does no harm', async () => {
    const head = ['POST /v1/files HTTP/1.1', 'host: x', `authorization: Bearer ${gateway.key}`];
    head.push('content-type: multipart/form-data; boundary=b', 'content-length: 1000', '', '--b\r\n');
    await raw(head.join('\r\n'), true);
    expect((await create()).status).toBe('processed');
  });

  it.each([
    ['application/json', JSON.stringify({ file: 'x', purpose: 'vision' })],
    ['multipart/mixed; boundary=b', '--b--'],
    ['multipart/form-datax; boundary=b', '--b--'],
    ['text/plain', 'x'],
    ['image/png', 'x'],
  ])('is refused as %s (C13)', async (type, body) => {
    expectError(await post(body, { 'content-type': type }), 415, { code: 'unsupported_content_type' });
  });

  it('is refused without a body, and compressed', async () => {
    expectError(await gateway.send('/v1/files', { method: 'POST' }), 415, {
      code: 'unsupported_content_type',
    });
    const compressed = await post(form({ ...upload, content: png }, purpose), { 'content-encoding': 'gzip' });
    expectError(compressed, 415, { code: 'unsupported_content_type' });
  });

  it('of a stranger is turned away before it is read', async () => {
    const head = ['POST /v1/files HTTP/1.1', 'host: x', 'content-type: multipart/form-data; boundary=b'];
    head.push('content-length: 1000000', 'connection: close', '', '--b\r\n');
    expect(await raw(head.join('\r\n'))).toMatch(/^HTTP\/1\.1 401 /);
    const admin = await gateway.send('/v1/files', { key: ADMIN_KEY });
    expectError(admin, 403, { code: 'insufficient_permissions' });
  });

  it.each(['/v1/completions', '/admin/tenants'])('is taken by no other route: %s (C13)', async (path) => {
    const key = path.startsWith('/admin') ? ADMIN_KEY : gateway.key;
    const headers = { authorization: `Bearer ${key}` };
    const answer = await post(form({ ...upload, content: png }, purpose), headers, path);
    expectError(answer, 415, { code: 'unsupported_content_type' });
  });
});

function chunkedBody(chunk: Uint8Array, times: number): ReadableStream {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent++ < times) controller.enqueue(chunk);
      else controller.close();
    },
  });
}

/** Sends bytes and reads what comes back until the connection is closed. */
function raw(bytes: string, hangUp = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1', () => {
      socket.write(bytes, () => hangUp && socket.destroy());
    });
    let text = '';
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}
