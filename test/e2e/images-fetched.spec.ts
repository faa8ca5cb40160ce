// CEREBRO_IMAGE_MODE=fetch: we download callers' images, check them, and hand them on as bytes.
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MAX_IMAGE_BYTES } from '../../src/images/image-limits.js';
import { claimedPng, FORMATS, makeNoise, makePicture } from '../../src/images/pictures.fixture.js';
import { ask, expectRefusal, fingerprint, lastInput, sees, textOf } from '../support/asking.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';
import { type Page, picture, type PictureServer, redirect } from '../support/picture-server.js';
import { startPictureServer, status } from '../support/picture-server.js';

/** Takes one file. */
const LLAVA = 'yorickvp/llava-13b';
/** Takes a list of files. */
const GPT = 'openai/gpt-4o-mini';
/** Takes lists of addresses or of base64. */
const LLAMA = 'hayooucom/vision-llama3';

let gateway: TestGateway;
let web: PictureServer;
let png: Buffer;
let large: Buffer;
beforeAll(async () => {
  web = await startPictureServer();
  gateway = await startTestGateway({
    settings: { models: ['*'], imageMode: 'fetch', privateImageHosts: [web.host] },
    sandbox: { model: sees },
  });
  png = await makePicture('png');
  large = await makeNoise(400, 300);
});
afterAll(async () => {
  await gateway.close();
  await web.close();
});
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
  web.asked.length = 0;
  web.pages.clear();
});

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

describe('an address', () => {
  it.each(FORMATS)('is fetched once, by us alone, and goes as a data URI: %s', async (format) => {
    const bytes = await makePicture(format);
    const address = web.put('/a?token=x', picture(bytes, `image/${format}`));
    expect(textOf(await ask(gateway, address, { model: LLAVA }))).toBe(fingerprint(bytes));
    expect(lastInput(gateway).image).toBe(`data:image/${format};base64,${base64(bytes)}`);
    expect(web.asked).toEqual(['GET /a?token=x']);
  });

  it('is asked for without anything of ours or the caller', async () => {
    let headers: object = {};
    const address = web.put('/a.png', (response, request) => {
      headers = request.headers;
      picture(png)(response, request);
    });
    expect((await ask(gateway, address, { model: LLAVA })).status).toBe(200);
    expect(headers).toEqual({
      host: web.host,
      connection: 'keep-alive',
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': 'cerebro',
    });
  });

  it('goes as an upload where the picture has more than 256 KB', async () => {
    const address = web.put('/large.png', picture(large));
    expect(textOf(await ask(gateway, address, { model: LLAVA }))).toBe(fingerprint(large));
    expect(lastInput(gateway).image).toMatch(`${gateway.sandbox.baseUrl}/files/`);
  });

  it('goes as base64 to a model that takes that', async () => {
    const addresses = [web.put('/a', picture(png)), web.put('/b', picture(large))];
    expect(textOf(await ask(gateway, addresses, { model: LLAMA }))).toBe(
      `${fingerprint(png)} ${fingerprint(large)}`,
    );
    expect(lastInput(gateway).image_base64).toEqual([base64(png), base64(large)]);
  });

  it('cannot go to a model that only fetches, as long as there is nowhere to fetch it from', async () => {
    const answer = await ask(gateway, web.put('/a', picture(png)));
    const message = /CEREBRO_PUBLIC_URL/;
    expectRefusal(gateway, answer, { param: 'image_urls[0]', code: 'public_url_required', message });
  });

  it.each([301, 302, 303, 307, 308])('is followed over three redirects: %i', async (code) => {
    web.put('/3', picture(png));
    for (const i of [0, 1, 2]) web.put(`/${i}`, redirect(`/${i + 1}`, code));
    const images = [`http://${web.host}/0`];
    expect(textOf(await ask(gateway, images, { model: LLAVA }))).toBe(fingerprint(png));
    expect(web.asked).toEqual(['GET /0', 'GET /1', 'GET /2', 'GET /3']);
  });

  it('may call its picture what it likes, or nothing, as long as it is one', async () => {
    for (const type of ['image/png; charset=binary', 'application/octet-stream', 'image/x-icon']) {
      const address = web.put('/a', picture(await makePicture('gif'), type));
      expect((await ask(gateway, address, { model: LLAVA })).status).toBe(200);
      expect(lastInput(gateway).image).toMatch(/^data:image\/gif;/);
    }
  });
});

const COULD_NOT = 'the image could not be loaded from this address';
const chunked =
  (write: (response: Parameters<Page>[0]) => void): Page =>
  (response) => {
    response.writeHead(200, { 'content-type': 'image/png' });
    write(response);
  };

/** Pages that must not get through: what is there, and the error's code and words. */
const BAD: readonly (readonly [string, () => Page | Promise<Page>, string, string])[] = [
  ['nothing', () => status(404), 'invalid_image_url', 'its address answered with status 404'],
  ['an error', () => status(500), 'invalid_image_url', 'its address answered with status 500'],
  [
    'a page',
    () => picture(Buffer.from('<html></html>'), 'text/html'),
    'invalid_image',
    'its address answered with something that is not an image',
  ],
  [
    'a page that is called a picture',
    () => picture(Buffer.from('<!doctype html><html></html>')),
    'invalid_image',
    'the image is not a JPEG, PNG, WebP or GIF',
  ],
  [
    'a picture that is called a page',
    () => picture(png, 'text/html'),
    'invalid_image',
    'its address answered with something that is not an image',
  ],
  [
    'an SVG',
    () => picture(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/svg+xml'),
    'invalid_image',
    'the image is not a JPEG, PNG, WebP or GIF',
  ],
  [
    'a TIFF',
    async () => picture(await makePicture('tiff'), 'image/tiff'),
    'invalid_image',
    'the image is not a JPEG, PNG, WebP or GIF',
  ],
  [
    'a HEIF',
    async () => picture(await makePicture('heif'), 'image/heif'),
    'invalid_image',
    'the image is not a JPEG, PNG, WebP or GIF',
  ],
  [
    'a script that begins like a GIF',
    () => picture(Buffer.from('GIF89a/*\0\0*/=alert(1)//'), 'image/gif'),
    'invalid_image',
    'the image is broken or incomplete',
  ],
  [
    'half a picture',
    () => picture(png.subarray(0, png.length - 20)),
    'invalid_image',
    'the image is broken or incomplete',
  ],
  ['an empty answer', () => picture(Buffer.alloc(0)), 'invalid_image', 'the image is empty'],
  [
    'a dot',
    () => picture(claimedPng(1, 1)),
    'invalid_image',
    'the image has 1 × 1 pixels; each side needs at least 4',
  ],
  [
    'a pixel flood',
    () => picture(claimedPng(16_000, 16_000)),
    'image_too_large',
    'the image has 16000 × 16000 pixels; at most 50 million are taken',
  ],
  [
    'too many bytes, announced',
    () => (response) =>
      response
        .writeHead(200, { 'content-type': 'image/png', 'content-length': MAX_IMAGE_BYTES + 1 })
        .write('x'),
    'image_too_large',
    'the image is larger than 10 MiB',
  ],
  [
    'bytes without an end',
    () => {
      const more = Buffer.alloc(1024 ** 2);
      return chunked((response) => {
        const next = (error?: Error | null): void => {
          if (!error) response.write(more, next);
        };
        next();
      });
    },
    'image_too_large',
    'the image is larger than 10 MiB',
  ],
  [
    'a compressed picture',
    () => picture(gzipSync(png), 'image/png', { 'content-encoding': 'gzip' }),
    'invalid_image_url',
    'its address answered with a compressed body',
  ],
  [
    'a thousand compressions',
    () => picture(png, 'image/png', { 'content-encoding': Array(1000).fill('gzip').join(',') }),
    'invalid_image_url',
    'its address answered with a compressed body',
  ],
  [
    'less than it announces',
    () => (response) => {
      response.writeHead(200, { 'content-type': 'image/png', 'content-length': png.length + 1 });
      response.write(png, () => response.destroy());
    },
    'invalid_image_url',
    'the connection ended before the image was complete',
  ],
  ['a redirect to itself', () => redirect('/bad'), 'invalid_image_url', COULD_NOT],
  ['a redirect to a private address', () => redirect('http://10.0.0.1/'), 'invalid_image_url', COULD_NOT],
  ['a redirect to a file', () => redirect('file:///etc/passwd'), 'invalid_image_url', COULD_NOT],
  ['a closed connection', () => (response) => response.destroy(), 'invalid_image_url', COULD_NOT],
  ['an answer that never comes', () => () => undefined, 'invalid_image_url', COULD_NOT],
  [
    'one byte at a time',
    () =>
      chunked((response) => {
        const timer = setInterval(() => response.write('x'), 200);
        response.on('close', () => clearInterval(timer));
      }),
    'invalid_image_url',
    COULD_NOT,
  ],
];

describe('a bad address', () => {
  it.each(BAD)('is told by its place and what is there: %s (D3, D6)', async (_, page, code, problem) => {
    const good = web.put('/good', picture(png));
    const bad = web.put('/bad', await page());
    const message = `Invalid 'image_urls[1]': ${problem}.`;
    const answer = await ask(gateway, [good, bad, good]);
    expectRefusal(gateway, answer, { param: 'image_urls[1]', code, message });
  });

  it('is the first of several, whichever fails first', async () => {
    const slow = web.put('/slow', (response, request) => {
      setTimeout(() => status(503)(response, request), 300);
    });
    const answer = await ask(gateway, [slow, web.put('/gone', status(410))], { model: LLAMA });
    const message = /status 503/;
    expectRefusal(gateway, answer, { param: 'image_urls[0]', code: 'invalid_image_url', message });
  });

  it('is refused for every kind of model, before Replicate is told of it', async () => {
    const bad = web.put('/bad', picture(Buffer.from('<html>')));
    for (const model of [LLAVA, GPT, LLAMA]) {
      const message = /not a JPEG/;
      const answer = await ask(gateway, bad, { model });
      expectRefusal(gateway, answer, { param: 'image_urls[0]', code: 'invalid_image', message });
    }
  });

  it('is never repeated in the answer, with the secret that it may hold (D4)', async () => {
    const bad = web.put('/bad?token=hunter2', status(403));
    expect((await ask(gateway, bad)).text).not.toContain('hunter2');
  });
});
