import { describe, expect, it } from 'vitest';
import { EgressError, type EgressReason } from '../egress/egress-error.js';
import { ApiError } from '../errors/api-error.js';
import { newId } from '../contracts/identifier.js';
import { load, type Page, refusal, serviceWith } from './images.fixture.js';
import { claimedPng, makePicture, pngChunk } from './pictures.fixture.js';

const png = await makePicture('png');
const jpeg = await makePicture('jpeg');
const dataUri = (bytes: Uint8Array, type = 'image/png') =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;

describe('loading images', () => {
  it('hands addresses on, checked and unfetched, where the model fetches them itself', async () => {
    const { service, fetched } = serviceWith({});
    expect(await load(service, 'https://a.example/1.jpg, HTTPS://B.example./x y.jpg#part')).toEqual([
      { kind: 'address', url: 'https://a.example/1.jpg' },
      { kind: 'address', url: 'https://b.example/x%20y.jpg' },
    ]);
    expect(fetched).toEqual([]);
  });

  it.each([
    ['the model needs bytes', {}, true],
    ['the operator wants it so', { fetchAll: true }, false],
  ])('downloads addresses where %s', async (_, options, bytes) => {
    const { service, fetched } = serviceWith({ 'https://a.example/1.jpg': { bytes: jpeg } }, options);
    expect(await load(service, 'https://a.example/1.jpg', { bytes })).toEqual([
      { kind: 'bytes', bytes: jpeg, mediaType: 'image/jpeg' },
    ]);
    expect(fetched).toEqual(['https://a.example/1.jpg']);
  });

  it('keeps the order of addresses, data URIs, base64 and files', async () => {
    const { service, files } = serviceWith({ 'https://a.example/1': { bytes: jpeg } });
    const id = newId('file-');
    const gif = await makePicture('gif');
    const file = {
      id,
      bytes: gif,
      mediaType: 'image/gif',
      width: 16,
      height: 12,
      filename: 'a.gif',
      purpose: null,
      expiresAt: null,
    };
    files.set(`ten_a ${id}`, file);
    const given = [id, dataUri(png), 'https://a.example/1', png.toString('base64')];
    const payloads = await load(service, given, { bytes: true });
    expect(payloads.map((payload) => payload.kind === 'bytes' && payload.mediaType)).toEqual([
      'image/gif',
      'image/png',
      'image/jpeg',
      'image/png',
    ]);
  });

  it('trusts the bytes and not the name: a JPEG that is called PNG is a JPEG', async () => {
    const { service } = serviceWith({});
    expect(await load(service, [dataUri(jpeg)])).toMatchObject([{ mediaType: 'image/jpeg' }]);
  });

  it('passes on the picture alone, not what stands behind it (D6)', async () => {
    const { service } = serviceWith({});
    const [payload] = await load(service, [dataUri(Buffer.concat([png, Buffer.from('PK<script>')]))]);
    expect(payload?.kind === 'bytes' && Buffer.compare(payload.bytes, png)).toBe(0);
  });

  it.each([
    'http://127.0.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://localhost:5432/',
    'http://[::1]/',
    'http://2130706433/',
    'http://metadata.google.internal./',
    'http://127.0.0.1\\@a.example/',
  ])('refuses %s in every mode, unfetched', async (address) => {
    for (const bytes of [false, true]) {
      const { service, fetched } = serviceWith({ [address]: { bytes: png } });
      const error = await refusal(load(service, ['https://a.example/1', address].slice(1), { bytes }));
      expect(error).toMatchObject({ reason: 'invalid_image_url', param: 'image_urls[0]' });
      expect(fetched).toEqual([]);
    }
  });

  it('says the same of an address that is refused, one where nobody is and one that takes too long', async () => {
    const reasons: EgressReason[] = ['refused', 'unreachable', 'timed_out'];
    const messages = await Promise.all(
      reasons.map(async (reason) => {
        const { service } = serviceWith({ 'https://a.example/': new EgressError(reason) });
        const {
          reason: name,
          message,
          param,
        } = await refusal(load(service, 'https://a.example/', { bytes: true }));
        return { name, message, param };
      }),
    );
    const { service } = serviceWith({});
    const {
      reason: name,
      message,
      param,
    } = await refusal(load(service, 'http://127.0.0.1/', { bytes: true }));
    expect(new Set([...messages, { name, message, param }].map((each) => JSON.stringify(each))).size).toBe(1);
    expect(message).toBe("Invalid 'image_urls[0]': the image could not be loaded from this address.");
  });

  it.each<[string, Page | EgressError, string, RegExp]>([
    [
      'answers 404',
      new EgressError('bad_status', { status: 404 }),
      'invalid_image_url',
      /answered with status 404/,
    ],
    ['is compressed', new EgressError('encoded'), 'invalid_image_url', /compressed/],
    ['is cut off', new EgressError('cut_off'), 'invalid_image_url', /complete/],
    ['is too large', new EgressError('too_large'), 'image_too_large', /10 MiB/],
    ['is a page', { contentType: 'text/html', bytes: png }, 'invalid_image', /not an image/],
    [
      'is a page that is called a picture',
      { contentType: 'image/png', bytes: Buffer.from('<html>') },
      'invalid_image',
      /JPEG/,
    ],
    [
      'is JSON',
      { contentType: 'application/json', bytes: Buffer.from('{}') },
      'invalid_image',
      /not an image/,
    ],
    ['is cut in half', { contentType: 'image/png', bytes: png.subarray(0, 60) }, 'invalid_image', /broken/],
    ['is a pixel flood', { bytes: claimedPng(16_000, 16_000) }, 'image_too_large', /16000 × 16000/],
  ])('refuses what %s, naming its position (D6)', async (_, page, reason, message) => {
    const { service } = serviceWith({ 'https://a.example/1': { bytes: png }, 'https://a.example/2': page });
    const error = await refusal(load(service, 'https://a.example/1,https://a.example/2', { bytes: true }));
    expect(error).toMatchObject({ reason, param: 'image_urls[1]' });
    expect(error.message).toMatch(message);
  });

  it.each([
    undefined,
    'image/png',
    'image/jpeg',
    'IMAGE/PNG; q=1',
    'application/octet-stream',
    'binary/octet-stream',
  ])('takes a picture that is sent as %s', async (contentType) => {
    const { service } = serviceWith({
      'https://a.example/1': { bytes: png, ...(contentType && { contentType }) },
    });
    expect(await load(service, 'https://a.example/1', { bytes: true })).toHaveLength(1);
  });

  it('tells neither the caller nor the log of an address, which may hold a token (D4)', async () => {
    const { service } = serviceWith({});
    const error = await refusal(load(service, 'https://a.example/1?token=hunter2', { bytes: true }));
    expect(error.message + String(error.cause)).not.toContain('hunter2');
  });

  it('reports the first bad image, by its position', async () => {
    const { service } = serviceWith({
      'https://a.example/1': new EgressError('bad_status', { status: 500 }),
    });
    const given = [dataUri(png), 'https://a.example/1', dataUri(Buffer.from('no picture at all'))];
    expect(await refusal(load(service, given, { bytes: true }))).toMatchObject({ param: 'image_urls[1]' });
  });

  it('refuses more than 32 MiB together, inline and downloaded', async () => {
    const large = claimedPng(100, 100, [pngChunk('paDd', Buffer.alloc(9 * 1024 ** 2))]);
    const { service, fetched } = serviceWith({ 'https://a.example/1': { bytes: large } });
    const inline = await refusal(
      load(
        service,
        Array.from({ length: 4 }, () => dataUri(large)),
      ),
    );
    expect(inline).toMatchObject({ reason: 'image_too_large', param: 'image_urls[3]' });
    expect(fetched).toEqual([]);
    const addresses = Array.from({ length: 4 }, () => 'https://a.example/1');
    expect((await refusal(load(service, addresses, { bytes: true }))).reason).toBe('image_too_large');
    expect(await load(service, addresses.slice(1), { bytes: true })).toHaveLength(3);
  });

  it('stops with the reason of its signal', async () => {
    const { service, fetched } = serviceWith({ 'https://a.example/1': { bytes: png } });
    const signal = AbortSignal.abort(new ApiError('client_closed_request'));
    const error = await refusal(load(service, 'https://a.example/1', { bytes: true, signal }));
    expect(error.reason).toBe('client_closed_request');
    expect(fetched).toEqual([]);
  });

  it('loads at most four images of a request, 24 of a tenant and 32 of all at the same time (D7, F10)', async () => {
    let [running, most] = [0, 0];
    const { service } = serviceWith(
      {},
      {
        client: {
          get: async (address) => {
            most = Math.max(most, ++running);
            await new Promise(setImmediate);
            running--;
            return { status: 200, contentType: undefined, bytes: png, url: new URL(address) };
          },
        },
      },
    );
    const sixteen = Array.from({ length: 16 }, (_, i) => `https://a.example/${i}`);
    expect(await load(service, sixteen, { bytes: true })).toHaveLength(16);
    expect(most).toBe(4);
    const many = (tenantId: string) =>
      Array.from({ length: 10 }, () => load(service, sixteen, { bytes: true, tenantId }));
    await Promise.all(many('ten_a'));
    expect(most).toBe(24);
    await Promise.all([...many('ten_a'), ...many('ten_b')]);
    expect(most).toBe(32);
  });
});
