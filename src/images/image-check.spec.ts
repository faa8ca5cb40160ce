import { describe, expect, it } from 'vitest';
import { ApiError } from '../errors/api-error.js';
import { checkImage } from './image-check.js';
import { MAX_FRAMES, MAX_IMAGE_BYTES, MAX_SIDE, MIN_SIDE } from './image-limits.js';
import {
  claimedApng,
  claimedPng,
  FORMATS,
  makeAnimation,
  makePicture,
  pngChunk,
} from './pictures.fixture.js';

function refusal(bytes: Uint8Array): ApiError {
  try {
    checkImage(bytes, 'image_urls[1]');
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).param).toBe('image_urls[1]');
    expect((error as ApiError).message).toMatch(/^Invalid 'image_urls\[1\]': [^<]+\.$/);
    expect((error as ApiError).status).toBe(400);
    return error as ApiError;
  }
  throw new Error('the image was accepted');
}

const text = (latin1: string) => Buffer.from(latin1, 'latin1');

describe('the check of an image', () => {
  it.each(FORMATS)('lets %s through as it is', async (format) => {
    const bytes = await makePicture(format);
    const image = checkImage(bytes, 'image_urls[0]');
    expect(image).toMatchObject({ mediaType: `image/${format}`, width: 16, height: 12 });
    expect(Buffer.compare(image.bytes, bytes)).toBe(0);
  });

  it.each(FORMATS)('cuts off what stands behind %s (D6)', async (format) => {
    const bytes = await makePicture(format);
    const image = checkImage(Buffer.concat([bytes, text('PK\x03\x04<script>')]), 'image_urls[0]');
    expect(Buffer.compare(image.bytes, bytes)).toBe(0);
  });

  it.each([
    ['a pixel flood of 256 megapixels', claimedPng(16_000, 16_000), 'image_too_large'],
    ['a pixel flood beyond every integer', claimedPng(0x7fffffff, 0x7fffffff), 'image_too_large'],
    ['a side that is too long', claimedPng(MAX_SIDE + 1, 100), 'image_too_large'],
    ['1 × 1 (P32)', claimedPng(1, 1), 'invalid_image'],
    ['0 × 0', claimedPng(0, 0), 'invalid_image'],
    ['65,535 × 1', claimedPng(65_535, 1), 'invalid_image'],
    ['1 × 65,535', claimedPng(1, 65_535), 'invalid_image'],
    ['one row too few', claimedPng(100, MIN_SIDE - 1), 'invalid_image'],
    ['one column too few', claimedPng(MIN_SIDE - 1, 100), 'invalid_image'],
    ['a strip of 201 to 1', claimedPng(2010, 10), 'invalid_image'],
    ['a strip of 1 to 201', claimedPng(10, 2010), 'invalid_image'],
    ['101 frames', claimedApng(MAX_FRAMES + 1), 'image_too_large'],
    ['nothing', new Uint8Array(), 'invalid_image'],
    ['SVG with a script', text('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'), 'invalid_image'],
    ['SVG with a file', text('<svg><image href="file:///etc/passwd"/></svg>'), 'invalid_image'],
    ['PDF', text('%PDF-1.7'), 'invalid_image'],
    ['a page', text('<!doctype html><title>404</title>'), 'invalid_image'],
    ['a script that begins like GIF', text('GIF89a/*' + ' '.repeat(50) + '*/=1;alert(1)'), 'invalid_image'],
  ])('refuses %s (D6)', (_, bytes, reason) => {
    expect(refusal(bytes).reason).toBe(reason);
  });

  it.each(['tiff', 'heif'] as const)('refuses %s (D6)', async (format) => {
    expect(refusal(await makePicture(format)).reason).toBe('invalid_image');
  });

  it.each(['gif', 'webp'] as const)(
    'refuses an animated %s of 200 frames and takes one of 100 (D6)',
    async (format) => {
      expect(refusal(await makeAnimation(format, 200)).reason).toBe('image_too_large');
      expect(checkImage(await makeAnimation(format, 100), 'x')).toMatchObject({ width: 8, height: 8 });
    },
  );

  it.each(FORMATS)('refuses %s that was cut in half (D6)', async (format) => {
    const bytes = await makePicture(format, { width: 100, height: 100 });
    expect(refusal(bytes.subarray(0, bytes.length / 2))).toMatchObject({ reason: 'invalid_image' });
  });

  it('refuses more than 10 MiB, also where only what stands behind the picture is large', async () => {
    const padding = Buffer.alloc(MAX_IMAGE_BYTES);
    expect(refusal(claimedPng(50, 50, [pngChunk('paDd', padding)])).reason).toBe('image_too_large');
    expect(refusal(Buffer.concat([await makePicture('png'), padding])).reason).toBe('image_too_large');
  });

  it.each([
    [MIN_SIDE, MIN_SIDE],
    [MAX_SIDE, 3000],
    [2000, 10],
    [7071, 7071],
  ])('takes the extremes: %i × %i', (width, height) => {
    expect(checkImage(claimedPng(width, height), 'x')).toMatchObject({ width, height });
  });
});
