import type { Server } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { create, ended, PHI_URLS, serveFiles } from '../sandbox.fixture.js';
import { startSandbox, type Sandbox } from '../sandbox.js';

let sandbox: Sandbox;
let files: { origin: string; asked: string[]; server: Server };

beforeAll(async () => {
  files = await serveFiles({
    '/a.png': { bytes: Buffer.from('A') },
    '/b.png': { bytes: Buffer.from('B') },
    '/moved.png': { status: 302, headers: { location: '/b.png' } },
    '/big.png': { bytes: Buffer.alloc(20 * 1024 * 1024 + 1) },
  });
  sandbox = await startSandbox({
    model: ({ pictures }) => pictures.map(({ bytes }) => Buffer.from(bytes).toString()).join('+'),
  });
});
afterEach(() => {
  files.asked.splice(0);
});
afterAll(async () => {
  await sandbox.close();
  files.server.close();
});

async function ask(imageUrls: string, input: object = {}) {
  const created = await create(sandbox, { version: PHI_URLS, input: { image_urls: imageUrls, ...input } });
  return (await ended(sandbox, created)).body;
}

const at = (...names: string[]) => names.map((name) => `${files.origin}/${name}`).join(',');

describe('image_urls of the default model', () => {
  it('are split on commas and fetched in their order, redirects included', async () => {
    expect(await ask(at('a.png', 'moved.png'))).toMatchObject({ status: 'succeeded', output: 'A+B' });
    expect(files.asked).toEqual(['/a.png', '/moved.png', '/b.png']);
  });

  it('fail when none can be had', async () => {
    expect(await ask(at('no.png', 'nor-this.png'))).toMatchObject({
      status: 'failed',
      error: 'No valid images were provided.',
    });
  });

  it('are answered about fewer pictures when the last cannot be had', async () => {
    expect(await ask(at('a.png', 'no.png'))).toMatchObject({ status: 'succeeded', output: 'A' });
  });

  it('keep their numbers when an earlier one cannot be had, and then fail', async () => {
    expect((await ask(at('no.png', 'b.png'))).error).toBe(
      'image_ids must start from 1, and must be continuous int, e.g. [1, 2, 3], cannot be [2]',
    );
  });

  it('fail with the prompt that names another picture', async () => {
    expect((await ask(at('a.png'), { prompt: 'Look at <|image_7|>' })).error).toContain('cannot be [1, 7]');
    expect((await ask(at('a.png'), { prompt: 'Look at <|image_2|>' })).error).toBe(
      'total images must be the same as the number of image tags, got 2 image tags and 1 images',
    );
  });

  it('fail with the prompt that repeats the tag of one of them', async () => {
    const prompt = 'Look at <|image_1|> and at <|image_1|>';
    const mismatch = (features: number, places: number) =>
      `shape mismatch: value tensor of shape [${features}, 3072] cannot be broadcast to indexing result of shape [${places}, 3072]`;
    expect(await ask(at('a.png', 'b.png'), { prompt })).toMatchObject({
      status: 'failed',
      error: mismatch(1514, 3028),
    });
    const newer = await create(sandbox, { input: { prompt: '<|image_1|> again' } });
    expect((await ended(sandbox, newer)).body.error).toBe(mismatch(757, 1514));
  });

  it('cannot be data URIs, which have a comma', async () => {
    expect((await ask('data:image/png;base64,AAAA')).error).toBe(
      "No connection adapters were found for 'data:image/png;base64'",
    );
  });

  it('must not end with a comma', async () => {
    expect((await ask(`${at('a.png')},`)).error).toBe(
      "Invalid URL '': No scheme supplied. Perhaps you meant https://?",
    );
  });

  it('fail when nobody listens there', async () => {
    expect((await ask('http://127.0.0.1:1/x.png')).error).toContain(
      "HTTPConnectionPool(host='127.0.0.1', port=1): Max retries exceeded with url: /x.png",
    );
  });

  it('fail beyond twenty megabytes', async () => {
    expect((await ask(at('big.png'))).error).toContain('larger');
  });
});

describe('sampling of the default model', () => {
  it('fails at temperature 0, unless it is switched off', async () => {
    expect((await ask(at('a.png'), { temperature: 0 })).error).toContain(
      '`temperature` (=0.0) has to be a strictly positive float',
    );
    expect((await ask(at('a.png'), { temperature: 0, do_sample: false })).status).toBe('succeeded');
  });
});

describe('the token limit', () => {
  it('cuts the answer', async () => {
    const long = await startSandbox({ model: () => 'word '.repeat(500) });
    const created = await create(long, { input: { max_new_tokens: 64 } });
    const { output } = (await ended(long, created)).body;
    await long.close();
    expect(String(output).split('word').length - 1).toBe(64);
  });
});
