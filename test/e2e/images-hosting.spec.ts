// Pictures that models fetch from us, under signed addresses: for a model that takes addresses alone.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ImageSigner } from '../../src/images/image-signer.js';
import { FORMATS, makeNoise, makePicture } from '../../src/images/pictures.fixture.js';
import { ask, creates, expectRefusal, fingerprint, lastInput, sees } from '../support/asking.js';
import { textOf, uploadFile } from '../support/asking.js';
import { freePort, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';
import { picture, type PictureServer, startPictureServer, status } from '../support/picture-server.js';

const KEY_PEPPER = 'pepper-of-the-hosting-spec';

let gateway: TestGateway;
let second: TestGateway;
let fetching: TestGateway;
let web: PictureServer;
let png: Buffer;
beforeAll(async () => {
  web = await startPictureServer();
  const privateImageHosts = [web.host];
  const port = await freePort();
  const settings = { keyPepper: KEY_PEPPER, privateImageHosts, publicUrl: `http://127.0.0.1:${port}` };
  gateway = await startTestGateway({ port, settings, sandbox: { model: sees, fetchPicture: undefined } });
  second = await startTestGateway({ beside: gateway, settings });
  fetching = await startTestGateway({ beside: gateway, settings: { ...settings, imageMode: 'fetch' } });
  png = await makePicture('png');
});
afterAll(async () => {
  await fetching.close();
  await second.close();
  await gateway.close();
  await web.close();
});
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
  web.asked.length = 0;
});

const dataUri = (bytes: Uint8Array) => `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;

/** The addresses that the last create told the model. */
const told = (): string[] => String(lastInput(gateway).image_urls).split(',');

/** The form of our addresses: a name, an end in Unix seconds and a signature, and nothing that needs escaping. */
const SIGNED = /^\/images\/(img_[0-9a-f]{32}\.(?:jpeg|png|webp|gif))\?expires=(\d+)&signature=[\w-]{43}$/;

/** A signed path, as a model is told it. */
async function published(bytes: Uint8Array = png): Promise<string> {
  expect((await ask(gateway, dataUri(bytes))).status).toBe(200);
  const path = told()[0]?.replace(gateway.url, '') ?? '';
  expect(path).toMatch(SIGNED);
  return path;
}

const fetched = async (path: string, init: RequestInit = {}) => {
  const answer = await fetch(gateway.url + path, init);
  const { status: code, headers } = answer;
  return { status: code, headers, bytes: Buffer.from(await answer.arrayBuffer()) };
};

describe('a picture without an address', () => {
  it.each<[string, (bytes: Buffer) => string | Promise<string>]>([
    ['a data URI', dataUri],
    ['base64', (bytes) => bytes.toString('base64')],
    ["a file's id", (bytes) => uploadFile(gateway, bytes)],
  ])('is fetched from us by the model, byte for byte, given as %s', async (_, give) => {
    const large = await makeNoise(400, 300);
    const images = [await give(png), await give(large)];
    const all = `${fingerprint(png)} ${fingerprint(large)}`;
    expect(textOf(await ask(gateway, images))).toBe(all);
    expect(textOf(await ask(gateway, images.join(',')))).toBe(all);
    expect(told()).toHaveLength(2);
    for (const address of told()) expect(address.replace(gateway.url, '')).toMatch(SIGNED);
  });

  it('stands among addresses, which stay what they are, in order', async () => {
    const address = web.put('/a.png', picture(png));
    const other = await makePicture('gif');
    const images = [address, dataUri(other), address, await uploadFile(gateway, other)];
    const all = [png, other, png, other].map(fingerprint).join(' ');
    expect(textOf(await ask(gateway, images))).toBe(all);
    expect([told()[0], told()[2]]).toEqual([address, address]);
    expect([told()[1], told()[3]].join()).toMatch(/\.gif\?.*,.*\.gif\?/);
    // The model's two GETs; none of ours.
    expect(web.asked).toHaveLength(2);
  });

  it('is told under a new address each time, so that nobody learns of another caller by it', async () => {
    expect(await published()).not.toBe(await published());
  });

  it('is still refused by what it is, and then stored nowhere', async () => {
    const answer = await ask(gateway, [dataUri(png), dataUri(Buffer.from('<html>'))]);
    const message = /not a JPEG/;
    expectRefusal(gateway, answer, { param: 'image_urls[1]', code: 'invalid_image', message });
  });
});

describe('a picture that we have fetched', () => {
  it('is fetched from us by the model, and once by us from its own place', async () => {
    const large = await makeNoise(400, 300);
    const addresses = [web.put('/a.png', picture(png)), web.put('/b.png', picture(large))];
    expect(textOf(await ask(fetching, addresses))).toBe(`${fingerprint(png)} ${fingerprint(large)}`);
    for (const address of told()) expect(address.replace(gateway.url, '')).toMatch(SIGNED);
    expect([...web.asked].sort()).toEqual(['GET /a.png', 'GET /b.png']);
  });

  it('does not let the model answer about fewer pictures than it was asked about', async () => {
    const images = [web.put('/a.png', picture(png)), web.put('/gone.png', status(404))];
    const message = /status 404/;
    const param = 'image_urls[1]';
    expectRefusal(fetching, await ask(fetching, images), { param, code: 'invalid_image_url', message });
  });
});

describe('a signed address', () => {
  it.each(FORMATS)('answers with the picture, as a file that no browser shows: %s', async (format) => {
    const bytes = await makePicture(format);
    const answer = await fetched(await published(bytes));
    expect([answer.status, Buffer.compare(answer.bytes, bytes)]).toEqual([200, 0]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': `image/${format}`,
      'content-length': String(bytes.length),
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
  });

  it('answers uncompressed, whatever is asked for, without a key and whatever key is sent', async () => {
    const path = await published();
    const asks: Record<string, string>[] = [
      { 'accept-encoding': 'gzip, deflate, br' },
      { authorization: 'Bearer wrong' },
      { range: 'bytes=0-3' },
    ];
    for (const headers of asks) {
      const answer = await fetched(path, { headers });
      expect([answer.status, Buffer.compare(answer.bytes, png)]).toEqual([200, 0]);
      expect(answer.headers.has('content-encoding')).toBe(false);
    }
  });

  it('answers HEAD with the same headers, and again and again', async () => {
    const path = await published();
    for (let i = 0; i < 2; i++) {
      const answer = await fetched(path, { method: 'HEAD' });
      expect([answer.status, answer.bytes.length]).toEqual([200, 0]);
      expect(answer.headers.get('content-length')).toBe(String(png.length));
    }
  });

  it('is good at every node of the gateway', async () => {
    const path = await published();
    const answer = await fetch(second.url + path);
    expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), png)).toBe(0);
    expect(textOf(await ask(second, dataUri(png)))).toBe(fingerprint(png));
  });

  it('is good for longer than the longest prediction, and not for ever', async () => {
    const [, , expires] = SIGNED.exec(await published()) ?? [];
    const seconds = Number(expires) - Date.now() / 1000;
    expect(seconds).toBeGreaterThan(600);
    expect(seconds).toBeLessThan(3600);
  });

  it.each<[string, (path: string) => string]>([
    ['another signature', (path) => path.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'))],
    ['no signature', (path) => path.replace(/&signature=.*/, '')],
    ['two signatures', (path) => `${path}&signature=${'A'.repeat(43)}`],
    ['a later end', (path) => path.replace(/expires=(\d+)/, (_, end) => `expires=${Number(end) + 1}`)],
    ['no end', (path) => path.replace(/expires=\d+&/, '')],
    ['another kind', (path) => path.replace('.png', '.gif')],
    ['another id', (path) => path.replace(/img_[0-9a-f]{32}/, `img_${'0'.repeat(32)}`)],
    ['the id of a file', (path) => path.replace('img_', 'file-')],
    ['a path', (path) => path.replace(/img_[^?]*/, '..%2f..%2fetc%2fpasswd')],
    ['an end that is past', expired],
  ])('is as unknown as any with %s', async (_, change) => {
    const path = await published();
    const unknown = await fetched('/images/nothing');
    expect(unknown.status).toBe(404);
    for (const method of ['GET', 'HEAD']) {
      const answer = await fetched(change(path), { method });
      expect(answer.status).toBe(404);
      if (method === 'GET') expect(answer.bytes.toString()).toBe(unknown.bytes.toString());
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    }
  });

  it('takes no other method', async () => {
    const path = await published();
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await fetched(path, { method });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('GET, HEAD');
    }
    expect((await fetched(path)).status).toBe(200);
  });

  it('is no file of its caller: neither listed, nor asked about, nor deleted', async () => {
    const path = await published();
    const id = /img_[0-9a-f]{32}/.exec(path)?.[0] ?? '';
    expect((await gateway.send('/v1/files')).text).not.toContain('img_');
    expect((await gateway.send(`/v1/files/${id}/content`)).status).toBe(404);
    expect((await gateway.send(`/v1/files/${id}`, { method: 'DELETE' })).status).toBe(404);
    expect((await ask(gateway, id)).status).toBe(400);
    expect(creates(gateway)).toHaveLength(1);
    expect((await fetched(path)).status).toBe(200);
  });
});

describe('a picture with text in it', () => {
  it('is read by the model that the sandbox has, when it was uploaded and when it was fetched', async () => {
    const port = await freePort();
    const publicUrl = `http://127.0.0.1:${port}`;
    const sandbox = { model: undefined, fetchPicture: undefined };
    const seeing = await startTestGateway({ port, settings: { publicUrl }, sandbox });
    try {
      const address = seeing.sandbox.pictures['invoice.png'] ?? '';
      const invoice = Buffer.from(await (await fetch(address)).arrayBuffer());
      const images = [await uploadFile(seeing, invoice), dataUri(invoice), address];
      for (const image of images) expect(textOf(await ask(seeing, [image]))).toContain('143.50');
      await expectOneBill(seeing);
    } finally {
      await seeing.close();
    }
  });
});

/** The same picture under an end that is past, with the signature that it would have. */
function expired(path: string): string {
  const [, name = ''] = SIGNED.exec(path) ?? [];
  const end = String(Math.floor(Date.now() / 1000) - 1);
  return `/images/${name}?expires=${end}&signature=${new ImageSigner(KEY_PEPPER).sign(name, end)}`;
}
