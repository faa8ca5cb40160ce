// Images on their way to models, in all the forms that callers give and models take. Where we fetch them
// ourselves, or host them, is tested beside.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { claimedPng, FORMATS, makeNoise, makePicture, pngChunk } from '../../src/images/pictures.fixture.js';
import { ask, creates, expectRefusal, fingerprint, lastInput, sees } from '../support/asking.js';
import { textOf, uploadFile } from '../support/asking.js';
import { makeTenant, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';
import { picture, type PictureServer, startPictureServer, status } from '../support/picture-server.js';

/** Takes one file. */
const LLAVA = 'yorickvp/llava-13b';
const MOONDREAM = 'lucataco/moondream2';
/** Takes a list of files. */
const GPT = 'openai/gpt-4o-mini';
/** Takes up to three files, each under a name of its own. */
const QWEN = 'nomagick/qwen-vl-chat';
/** Takes lists of addresses or of base64. */
const LLAMA = 'hayooucom/vision-llama3';

let gateway: TestGateway;
let web: PictureServer;
let png: Buffer;
let large: Buffer;
beforeAll(async () => {
  web = await startPictureServer();
  gateway = await startTestGateway({
    settings: { models: ['*'], privateImageHosts: [web.host] },
    sandbox: { model: sees, fetchPicture: undefined },
  });
  png = await makePicture('png');
  large = await makeNoise(400, 300);
  web.put('/a.png', picture(png));
});
afterAll(async () => {
  await gateway.close();
  await web.close();
});
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
  web.asked.length = 0;
});

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const dataUri = (bytes: Uint8Array, type = 'image/png') => `data:${type};base64,${base64(bytes)}`;
const uploads = () => gateway.sandbox.requests.filter(({ path }) => path === '/v1/files');

/** The three ways to give a picture that has no address. */
const WAYS: readonly (readonly [string, (bytes: Buffer) => string | Promise<string>])[] = [
  ['a data URI', (bytes) => dataUri(bytes)],
  ['base64', base64],
  ["a file's id", (bytes) => uploadFile(gateway, bytes)],
];

describe('an address', () => {
  it('is passed on as it is, and fetched by the model alone', async () => {
    const address = web.put('/b.png?size=large&sig=a%2Bb%3D', picture(png));
    expect(textOf(await ask(gateway, address))).toBe(fingerprint(png));
    expect(lastInput(gateway).image_urls).toBe(address);
    // The sandbox's model, once. A request of the gateway's own would be a second.
    expect(web.asked).toEqual(['GET /b.png?size=large&sig=a%2Bb%3D']);
  });

  it('has its commas escaped for a model that splits at them, and for no other', async () => {
    const address = web.put('/c.png?at=1%2C2', picture(png)).replace('%2C', ',');
    expect(textOf(await ask(gateway, [address, address]))).toBe(`${fingerprint(png)} ${fingerprint(png)}`);
    const escaped = address.replace(',', '%2C');
    expect(lastInput(gateway).image_urls).toBe(`${escaped},${escaped}`);
    web.put('/c.png?at=1,2', picture(png));
    expect(textOf(await ask(gateway, [address], { model: LLAVA }))).toBe(fingerprint(png));
    expect(lastInput(gateway).image).toBe(address);
  });

  it.each([
    ['a text', (addresses: string[]) => addresses.join(',')],
    ['a text with spaces', (addresses: string[]) => addresses.map((each) => ` ${each} `).join(',')],
    ['a list', (addresses: string[]) => addresses],
  ])('keeps its place among several, given as %s', async (_, give) => {
    const pictures = await Promise.all(FORMATS.slice(0, 3).map((format) => makePicture(format)));
    const addresses = pictures.map((bytes, i) => web.put(`/${i}`, picture(bytes)));
    const all = pictures.map(fingerprint).join(' ');
    expect(textOf(await ask(gateway, give(addresses)))).toBe(all);
    expect(lastInput(gateway).image_urls).toBe(addresses.join(','));
    expect(textOf(await ask(gateway, give(addresses), { model: GPT }))).toBe(all);
    expect(lastInput(gateway).image_input).toEqual(addresses);
    expect(textOf(await ask(gateway, give(addresses), { model: QWEN }))).toBe(all);
    const [image1, image2, image3] = addresses;
    expect(lastInput(gateway)).toMatchObject({ image1, image2, image3 });
    expect(textOf(await ask(gateway, give(addresses), { model: LLAMA }))).toBe(all);
    expect(lastInput(gateway).image_url).toEqual(addresses);
  });

  it('that only the fragment makes look odd is passed on without it (P24)', async () => {
    web.put('/', picture(png));
    expect(textOf(await ask(gateway, `http://${web.host}#@example.com/`))).toBe(fingerprint(png));
    expect(lastInput(gateway).image_urls).toBe(`http://${web.host}/`);
  });

  it('at which the model finds no picture is a 400 that says so, for what the model has run', async () => {
    const answer = await ask(gateway, web.put('/gone.png', status(404)));
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { param: 'image_urls', code: 'invalid_image_url' } });
    expect(answer.text).toContain('could not load the images');
    expect(gateway.sandbox.bill.creates).toBe(1);
  });
});

describe.each(WAYS)('a picture given as %s', (_, give) => {
  it.each([LLAVA, MOONDREAM])('goes to %s as a data URI', async (model) => {
    expect(textOf(await ask(gateway, [await give(png)], { model }))).toBe(fingerprint(png));
    expect(lastInput(gateway).image).toBe(dataUri(png));
    expect(uploads()).toEqual([]);
  });

  it.each([LLAVA, MOONDREAM])('goes to %s as an upload where it has more than 256 KB', async (model) => {
    expect(textOf(await ask(gateway, [await give(large)], { model }))).toBe(fingerprint(large));
    expect(uploads()).toMatchObject([{ method: 'POST', headers: { authorization: 'accepted' } }]);
    expect(lastInput(gateway).image).toMatch(`${gateway.sandbox.baseUrl}/files/`);
  });

  it('goes as base64 to a model that takes that, whatever its size', async () => {
    for (const bytes of [png, large]) {
      expect(textOf(await ask(gateway, [await give(bytes)], { model: LLAMA }))).toBe(fingerprint(bytes));
      expect(lastInput(gateway).image_base64).toEqual([base64(bytes)]);
    }
    expect(uploads()).toEqual([]);
  });

  it('cannot go to a model that only fetches, as long as there is nowhere to fetch it from', async () => {
    const answer = await ask(gateway, ['https://example.com/a.png', await give(png)]);
    expectRefusal(gateway, answer, {
      param: 'image_urls[1]',
      code: 'public_url_required',
      message: /CEREBRO_PUBLIC_URL/,
    });
  });

  it('is one among others, in order', async () => {
    const images = [web.put('/a.png', picture(png)), await give(large), await give(png)];
    const all = [png, large, png].map(fingerprint).join(' ');
    expect(textOf(await ask(gateway, images.join(','), { model: GPT }))).toBe(all);
    expect(textOf(await ask(gateway, images.join(','), { model: LLAMA }))).toBe(all);
    // One form for all: the address, which the model could have fetched, is fetched by us here.
    expect(lastInput(gateway).image_base64).toHaveLength(3);
  });
});

describe('a picture without an address', () => {
  it.each(FORMATS)('is called what it is, not what its caller calls it: %s', async (format) => {
    const bytes = await makePicture(format);
    await ask(gateway, [dataUri(bytes, 'image/x-anything')], { model: LLAVA });
    expect(lastInput(gateway).image).toBe(dataUri(bytes, `image/${format}`));
    await ask(gateway, base64(bytes), { model: LLAVA });
    expect(lastInput(gateway).image).toBe(dataUri(bytes, `image/${format}`));
  });

  it('is passed on without what stands behind it (D6)', async () => {
    const bytes = Buffer.concat([png, Buffer.from('PK\x03\x04<script>')]);
    expect(textOf(await ask(gateway, [dataUri(bytes)], { model: LLAVA }))).toBe(fingerprint(png));
  });

  it('of exactly 256 KB is still a data URI, and one byte more is not', async () => {
    // A chunk that every reader skips, with 12 bytes around its own.
    const room = claimedPng(64, 64).length + 12;
    const padded = (size: number) => claimedPng(64, 64, [pngChunk('paDd', Buffer.alloc(size - room))]);
    await ask(gateway, [dataUri(padded(256 * 1024))], { model: LLAVA });
    expect(uploads()).toHaveLength(0);
    await ask(gateway, [dataUri(padded(256 * 1024 + 1))], { model: LLAVA });
    expect(uploads()).toHaveLength(1);
  });

  it.each<[string, () => string, string, RegExp]>([
    ['a page', () => dataUri(Buffer.from('<html></html>')), 'invalid_image', /not a JPEG, PNG, WebP or GIF/],
    [
      'an SVG that is called one',
      () => dataUri(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/svg+xml'),
      'invalid_image',
      /not a JPEG/,
    ],
    ['a pixel flood', () => dataUri(claimedPng(16_000, 16_000)), 'image_too_large', /16000 × 16000/],
    ['a dot', () => dataUri(claimedPng(1, 1)), 'invalid_image', /1 × 1/],
    ['half a picture', () => dataUri(png.subarray(0, 60)), 'invalid_image', /broken/],
    ['no base64', () => 'data:image/png;base64,@@@not base64!!', 'invalid_image_url', /not base64/],
    ['base64 of a word', () => 'aGVsbG8=', 'invalid_image_url', /expected an http or https address/],
    ['text, percent-encoded', () => 'data:image/png,abc', 'invalid_image_url', /base64/],
    [
      'more than 10 MiB',
      () => dataUri(Buffer.concat([png, Buffer.alloc(10 * 1024 ** 2)])),
      'image_too_large',
      /10 MiB/,
    ],
  ])('is refused when it is %s (D6)', async (_, give, code, message) => {
    for (const model of [undefined, LLAMA]) {
      const answer = await ask(gateway, [dataUri(png), give()], model ? { model } : {});
      expectRefusal(gateway, answer, { param: 'image_urls[1]', code, message });
      expect(answer.text.length).toBeLessThan(500);
    }
  });
});

describe("a file's id in a question", () => {
  it('of another tenant is as unknown as one that never was, or is no more (E2, P27)', async () => {
    const { key } = await makeTenant(gateway.url);
    const foreign = await uploadFile(gateway, png, key);
    const deleted = await uploadFile(gateway, png);
    expect((await gateway.send(`/v1/files/${deleted}`, { method: 'DELETE' })).status).toBe(200);
    for (const model of [undefined, LLAVA, LLAMA]) {
      for (const id of [foreign, deleted, `file-${'0'.repeat(32)}`, 'file-x']) {
        const answer = await ask(gateway, id, model ? { model } : {});
        const message = "Invalid 'image_urls[0]': there is no such file.";
        expectRefusal(gateway, answer, { param: 'image_urls[0]', code: 'invalid_image_url', message });
      }
    }
    expect(textOf(await ask(gateway, foreign, { model: LLAVA, key }))).toBe(fingerprint(png));
  });

  it.each([`img_${'0'.repeat(32)}`, 'file-', 'file-../../etc/passwd', `file-${'0'.repeat(65)}`])(
    'that is none is no form of an image: %s',
    async (id) => {
      const message = /expected an http or https address/;
      expectRefusal(gateway, await ask(gateway, [id]), {
        param: 'image_urls[0]',
        code: 'invalid_image_url',
        message,
      });
    },
  );
});

describe('too many images', () => {
  it('are refused by what the model takes, and above 16 by us, before anything is fetched (C9)', async () => {
    const address = web.put('/a.png', picture(png));
    const two = await ask(gateway, [address, address], { model: LLAVA });
    expect(two.json).toMatchObject({ error: { param: 'image_urls', code: 'array_above_max_length' } });
    const many = await ask(gateway, Array<string>(1000).fill(address));
    expect(many.json).toMatchObject({ error: { param: 'image_urls', code: 'array_above_max_length' } });
    const text = await ask(gateway, Array<string>(1000).fill(address).join(','));
    expect(text.json).toMatchObject({ error: { param: 'image_urls', code: 'array_above_max_length' } });
    expect([creates(gateway), web.asked]).toEqual([[], []]);
  });
});
