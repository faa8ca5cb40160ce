import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call, create, ended, PHI_URLS, type Answer } from '../sandbox.fixture.js';
import { startSandbox, type Sandbox } from '../sandbox.js';
import { downloadSignature } from '../files/download-signature.js';

const DAY = 24 * 3_600_000;
let sandbox: Sandbox;
let later = 0;

beforeAll(async () => {
  sandbox = await startSandbox({
    model: ({ pictures }) => pictures.map(({ bytes }) => Buffer.from(bytes).toString()).join('+'),
    clock: () => Date.now() + later,
    filesSecret: 'spec',
  });
});
afterEach(() => {
  sandbox.reset();
  later = 0;
});
afterAll(() => sandbox.close());

interface UploadedFile {
  readonly id: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly urls: { readonly get: string };
}

async function send(form: FormData | string, headers: Record<string, string> = {}) {
  const response = await fetch(`${sandbox.baseUrl}/files`, {
    method: 'POST',
    headers: { authorization: 'Bearer r8_spec', ...headers },
    body: form,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as UploadedFile };
}

function form(content: string | Buffer<ArrayBuffer>, name = 'picture.png'): FormData {
  const made = new FormData();
  made.append('content', new Blob([content], { type: 'image/png' }), name);
  return made;
}

async function outcome(created: Answer) {
  const { output, error } = (await ended(sandbox, created)).body;
  return error ?? output;
}

describe('an upload', () => {
  it('is answered with all that is known of it, for a day', async () => {
    const uploaded = form('pixels');
    uploaded.append('metadata', new Blob(['{"claim":7}'], { type: 'application/json' }));
    const { status, body, headers } = await send(uploaded);
    const md5 = createHash('md5').update('pixels').digest('hex');
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[A-Za-z0-9]{48}$/) as string,
      name: 'picture.png',
      content_type: 'image/png',
      size: 6,
      etag: md5,
      checksums: { sha256: createHash('sha256').update('pixels').digest('hex'), md5 },
      metadata: { claim: 7 },
      created_at: body.created_at,
      expires_at: body.expires_at,
      urls: { get: `${sandbox.baseUrl}/files/${body.id}` },
    });
    expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(DAY);
    expect(headers.has('ratelimit-remaining')).toBe(false);
  });

  it('may name itself and its type', async () => {
    const named = form('pixels');
    named.append('filename', 'claim.webp');
    named.append('type', 'image/webp');
    named.append('metadata', '{"a":1}');
    expect((await send(named)).body).toMatchObject({
      name: 'claim.webp',
      content_type: 'image/webp',
      metadata: { a: 1 },
    });
  });

  it('is refused without its content, with a name that is too long, and with metadata that are none', async () => {
    const empty = new FormData();
    empty.append('filename', 'a.png');
    const listed = form('x');
    listed.append('metadata', '[]');
    const answers = [await send(empty), await send(form('x', 'n'.repeat(256))), await send(listed)];
    expect(answers.map(({ status }) => status)).toEqual([422, 422, 422]);
    expect(answers.map(({ text }) => text)).toEqual([
      expect.stringContaining('content is required'),
      expect.stringContaining('filename'),
      expect.stringContaining('metadata'),
    ]);
    expect((await send('{}', { 'content-type': 'application/json' })).status).toBe(400);
  });

  it('is refused beyond a hundred megabytes', async () => {
    const { status, text } = await send(form(Buffer.alloc(100 * 1024 * 1024 + 1)));
    expect(status).toBe(413);
    expect(text).toBe('{"detail":"Files must be less than 100MB in size"}');
  });
});

describe('a file', () => {
  it('is shown, listed and deleted, to those with a token', async () => {
    const first = (await send(form('one'))).body;
    const second = (await send(form('two'))).body;
    expect((await call('GET', first.urls.get)).body).toEqual(first);
    expect((await call('GET', `${sandbox.baseUrl}/files`)).body).toEqual({
      previous: null,
      next: null,
      results: [second, first],
    });
    expect((await call('GET', first.urls.get, { headers: { authorization: '' } })).status).toBe(401);
    expect((await call('DELETE', first.urls.get)).status).toBe(204);
    const gone = await call('GET', first.urls.get);
    expect(gone).toMatchObject({ status: 404, text: '{"detail":"File not found"}' });
    expect((await call('DELETE', first.urls.get)).status).toBe(404);
  });

  it('expires', async () => {
    const { body } = await send(form('one'));
    later = DAY + 1;
    expect((await call('GET', body.urls.get)).status).toBe(404);
    expect((await call('GET', `${sandbox.baseUrl}/files`)).body.results).toEqual([]);
  });

  it('gives its bytes to a signature alone', async () => {
    const { id } = (await send(form('pixels'))).body;
    const ask = (claim: { owner: string; id: string; expiry: string }, secret = 'spec') => {
      const query = { ...claim, signature: downloadSignature(claim, secret) };
      return call('GET', `${sandbox.baseUrl}/files/${id}/download?${new URLSearchParams(query).toString()}`);
    };
    const claim = { owner: 'acme', id, expiry: String(Math.floor(Date.now() / 1000) + 60) };
    expect(await ask(claim)).toMatchObject({
      status: 200,
      text: 'pixels',
      headers: { 'content-type': 'application/octet-stream' },
    });
    const refused = [
      await ask(claim, 'other'),
      await ask({ ...claim, expiry: '1' }),
      await ask({ ...claim, id: 'x' }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect((await call('GET', `${sandbox.baseUrl}/files/${id}/download`)).status).toBe(403);
  });
});

describe('the address of a file as an input', () => {
  it('is resolved where the input is a file', async () => {
    const { urls } = (await send(form('pixels'))).body;
    expect(await outcome(await create(sandbox, { input: { image: urls.get } }))).toBe('pixels');
    const listed = { version: 'openai/gpt-4o-mini', input: { image_input: [urls.get, urls.get] } };
    expect(await outcome(await create(sandbox, listed))).toEqual(['pixels+pixels']);
    const gone = `${sandbox.baseUrl}/files/gone`;
    expect(await outcome(await create(sandbox, { input: { image: gone } }))).toBe(
      `404 Client Error for url: ${gone}`,
    );
  });

  it('is closed to a model that fetches for itself', async () => {
    const { urls } = (await send(form('pixels'))).body;
    const phi = await create(sandbox, { version: PHI_URLS, input: { image_urls: urls.get } });
    expect(await outcome(phi)).toBe('No valid images were provided.');
    const list = await create(sandbox, {
      version: '26d113799e1efd638526bc541ba79241b786354388355beb79c249fd8a22d35c',
      input: { image_url: [urls.get] },
    });
    expect(await outcome(list)).toBe(`403 Client Error for url: ${urls.get}`);
  });
});
