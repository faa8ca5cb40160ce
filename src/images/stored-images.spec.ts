import { describe, expect, it } from 'vitest';
import { newId } from '../contracts/identifier.js';
import { ImageSigner } from './image-signer.js';
import { load, refusal, serviceWith } from './images.fixture.js';
import type { PictureBytes } from './images.service.js';
import { makePicture } from './pictures.fixture.js';

const png = await makePicture('png');

describe('uploaded files', () => {
  it.each(['file-unknown', newId('file-'), newId('file-').toUpperCase().replace('FILE', 'file')])(
    'of another tenant look like no files at all: %s (E2)',
    async (unknown) => {
      const { service, files } = serviceWith({});
      const id = newId('file-');
      const file = {
        id,
        bytes: png,
        mediaType: 'image/png',
        width: 16,
        height: 12,
        filename: null,
        purpose: null,
        expiresAt: null,
      };
      files.set(`ten_b ${id}`, file);
      expect(await load(service, id, { tenantId: 'ten_b' })).toHaveLength(1);
      const foreign = await refusal(load(service, id, { tenantId: 'ten_a' }));
      const missing = await refusal(load(service, unknown, { tenantId: 'ten_a' }));
      for (const error of [foreign, missing]) {
        expect(error).toMatchObject({ reason: 'invalid_image_url', param: 'image_urls[0]' });
      }
      expect(foreign.message).toBe(missing.message);
    },
  );
});

describe('publishing a picture', () => {
  const picture: PictureBytes = { kind: 'bytes', bytes: png, mediaType: 'image/png' };

  it('stores it and signs an address without a comma, good for a while', async () => {
    const { service, files } = serviceWith({});
    const before = Date.now();
    const { url } = await service.publish(picture, {
      tenantId: 'ten_a',
      param: 'image_urls[0]',
      lifetimeMs: 60_000,
    });
    expect(url).toMatch(
      /^https:\/\/cerebro\.example\/images\/img_[0-9a-f]{32}\.png\?expires=\d{10}&signature=[\w-]{43}$/,
    );
    const [[key, stored] = ['', undefined]] = files;
    expect(key).toBe(`ten_a ${new URL(url).pathname.slice('/images/'.length, -'.png'.length)}`);
    expect(stored).toMatchObject({ mediaType: 'image/png', width: 16, height: 12, bytes: png });
    const expires = Number(new URL(url).searchParams.get('expires')) * 1000;
    expect(stored?.expiresAt?.getTime()).toBe(expires);
    expect(expires).toBeGreaterThanOrEqual(before + 60_000);
    expect(expires).toBeLessThan(Date.now() + 62_000);
  });

  it('fails where models cannot reach us, naming the image', async () => {
    const { service, files } = serviceWith({}, { publicUrl: undefined });
    const error = await refusal(
      service.publish(picture, { tenantId: 'ten_a', param: 'image_urls[2]', lifetimeMs: 60_000 }),
    );
    expect(error).toMatchObject({ reason: 'public_url_required', param: 'image_urls[2]' });
    expect(files.size).toBe(0);
  });
});

describe('signatures', () => {
  it('are the same on every node, and depend on the name, the time and the secret', () => {
    const signature = new ImageSigner('pepper').sign('img_a.png', '1790000000');
    expect(new ImageSigner('pepper').isValid('img_a.png', '1790000000', signature)).toBe(true);
    expect(new ImageSigner('other').isValid('img_a.png', '1790000000', signature)).toBe(false);
    expect(new ImageSigner('pepper').isValid('img_b.png', '1790000000', signature)).toBe(false);
    expect(new ImageSigner('pepper').isValid('img_a.png', '1790000001', signature)).toBe(false);
    expect(new ImageSigner('pepper').isValid('img_a.png', '1790000000', signature.slice(1))).toBe(false);
    expect(new ImageSigner('pepper').isValid('img_a.png', '1790000000', '')).toBe(false);
  });

  it('outlives the replacement of the secret that made it, until that one is dropped', () => {
    const old = new ImageSigner('old').sign('img_a.png', '1790000000');
    const isValid = (signer: ImageSigner) => signer.isValid('img_a.png', '1790000000', old);
    expect(isValid(new ImageSigner('new', 'old'))).toBe(true);
    expect(isValid(new ImageSigner('new', 'other'))).toBe(false);
    expect(isValid(new ImageSigner('new'))).toBe(false);
    expect(new ImageSigner('new', 'old').sign('img_a.png', '1790000000')).not.toBe(old);
  });
});
