import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readImageHeader } from './image-header.js';
import {
  canvas,
  claimedApng,
  claimedPng,
  FORMATS,
  makeAnimation,
  makePicture,
  pngChunk,
  readBySharp,
} from './pictures.fixture.js';

/** A picture's size as pixels, to compare with another reader's. */
async function sizeBySharp(bytes: Uint8Array) {
  const { width, height, pages = 1, pageHeight } = await readBySharp(bytes);
  return { width, height: pageHeight ?? height, frames: pages };
}

describe('the header of a picture', () => {
  it.each(FORMATS)('is read from %s as another reader reads it, at any size', async (format) => {
    const side = fc.integer({ min: 1, max: 300 });
    await fc.assert(
      fc.asyncProperty(side, side, async (width, height) => {
        const bytes = await makePicture(format, { width, height });
        const header = readImageHeader(bytes);
        expect(header).toMatchObject({ format, mediaType: `image/${format}`, byteLength: bytes.length });
        expect(header).toMatchObject({ ...(await sizeBySharp(bytes)), width, height });
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ['progressive JPEG', () => canvas().jpeg({ progressive: true })],
    ['JPEG of one component', () => canvas().greyscale().jpeg()],
    ['JPEG of four components', () => canvas().toColourspace('cmyk').jpeg()],
    [
      'JPEG with Exif and a colour profile',
      () =>
        canvas()
          .withExif({ IFD0: { Artist: 'x' } })
          .withIccProfile('p3')
          .jpeg(),
    ],
    ['interlaced PNG', () => canvas().png({ progressive: true })],
    ['PNG with a palette', () => canvas().png({ palette: true })],
    ['PNG of one component', () => canvas().greyscale().png()],
    ['PNG of 16 bits', () => canvas().toColourspace('rgb16').png()],
    ['lossless WebP', () => canvas().webp({ lossless: true })],
    ['WebP with transparency', () => canvas().ensureAlpha(0.5).webp()],
    ['lossless WebP with transparency', () => canvas().ensureAlpha(0.5).webp({ lossless: true })],
    [
      'WebP with Exif and a colour profile',
      () =>
        canvas()
          .withExif({ IFD0: { Artist: 'x' } })
          .withIccProfile('p3')
          .webp(),
    ],
    ['GIF with transparency', () => canvas().ensureAlpha(0).gif()],
  ])('is read from %s', async (_, make) => {
    const bytes = await make().toBuffer();
    expect(readImageHeader(bytes)).toMatchObject({
      width: 16,
      height: 12,
      frames: 1,
      byteLength: bytes.length,
    });
  });

  it.each([
    ['gif', 3],
    ['gif', 205],
    ['webp', 3],
    ['webp', 205],
  ] as const)('counts the frames of an animated %s: %i', async (format, frames) => {
    const bytes = await makeAnimation(format, frames);
    expect((await readBySharp(bytes)).pages).toBe(frames);
    expect(readImageHeader(bytes)).toMatchObject({ width: 8, height: 8, frames });
  });

  it('counts the frames of an animated PNG', () => {
    expect(readImageHeader(claimedApng(250))).toMatchObject({ frames: 250 });
  });

  it('says what a picture claims, however large (D6: pixel flood)', () => {
    expect(readImageHeader(claimedPng(16_000, 16_000))).toMatchObject({ width: 16_000, height: 16_000 });
    expect(readImageHeader(claimedPng(0xffffffff, 0xffffffff))).toMatchObject({ width: 0xffffffff });
  });

  it.each(FORMATS)('ends where the picture in %s ends, whatever follows (D6: polyglots)', async (format) => {
    const picture = await makePicture(format);
    for (const tail of ['PK\x03\x04archive', '<html><script>alert(1)</script>', '\xff\xd9', '\0', ';']) {
      const bytes = Buffer.concat([picture, Buffer.from(tail, 'latin1')]);
      expect(readImageHeader(bytes)).toMatchObject({ byteLength: picture.length });
    }
  });

  it('takes the size of a GIF from a frame that is larger than the screen', async () => {
    const picture = await makePicture('gif');
    picture.writeUInt16LE(1, 6);
    picture.writeUInt16LE(1, 8);
    expect(readImageHeader(picture)).toMatchObject({ width: 16, height: 12 });
  });
});

describe('bytes that are no whole picture', () => {
  it.each(FORMATS)('are refused as %s at every length', async (format) => {
    const picture = await makePicture(format);
    for (let length = 0; length < picture.length; length++) {
      const header = readImageHeader(picture.subarray(0, length));
      // A GIF without its last byte, the trailer, has lost nothing.
      const isWhole = format === 'gif' && length === picture.length - 1;
      expect(typeof header, `${length} bytes`).toBe(isWhole ? 'object' : 'string');
    }
  });

  it.each([
    ['nothing', ''],
    ['text', 'hello, world'],
    ['a page', '<!DOCTYPE html><html></html>'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'],
    ['XML before SVG', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['PDF', '%PDF-1.7\n1 0 obj'],
    ['BMP', 'BM\x46\0\0\0\0\0\0\0\x36\0\0\0'],
    ['ICO', '\0\0\x01\0\x01\0\x10\x10'],
    ['an archive', 'PK\x03\x04\x14\0\0\0'],
    ['ASF (P37)', '\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c'],
    ['another RIFF', 'RIFF\x24\0\0\0WAVEfmt '],
    ['a program', '#!/bin/sh\necho hi'],
  ])('are no picture when they are %s (D6)', (_, text) => {
    expect(readImageHeader(Buffer.from(text, 'latin1'))).toBe('unknown');
  });

  it.each(['tiff', 'heif'] as const)('are no picture when they are %s (D6)', async (format) => {
    expect(readImageHeader(await makePicture(format))).toBe('unknown');
  });

  it.each([
    ['GIF that is a script (D6)', 'GIF89a/*' + '\0'.repeat(40) + '*/=1;alert(document.domain)//'],
    ['GIF of nothing', 'GIF89a\x10\0\x10\0\0\0\0;'],
    ['JPEG of nothing', '\xff\xd8\xff\xd9'],
    ['JPEG without a frame', '\xff\xd8\xff\xe0\0\x04ab\xff\xd9'],
    ['WebP of nothing', 'RIFF\x04\0\0\0WEBP'],
    ['PNG of nothing', '\x89PNG\r\n\x1a\n'],
  ])('are a broken %s', (_, text) => {
    expect(readImageHeader(Buffer.from(text, 'latin1'))).toBe('broken');
  });

  it('are a broken PNG when a chunk that matters has a wrong checksum, or nobody knows it', async () => {
    const picture = await makePicture('png');
    const broken = Buffer.from(picture);
    const inData = broken.indexOf('IDAT') + 6;
    broken[inData] = (broken[inData] ?? 0) ^ 1;
    expect(readImageHeader(broken)).toBe('broken');
    expect(readImageHeader(claimedPng(9, 9, [pngChunk('ABCD', Buffer.alloc(1))]))).toBe('broken');
    expect(readImageHeader(claimedPng(9, 9, [pngChunk('abCD', Buffer.alloc(1))]))).toMatchObject({
      width: 9,
    });
  });

  it.each([
    [0, 16],
    [16, 0],
  ])('are a broken PNG when a side is %i × %i', (width, height) => {
    expect(readImageHeader(claimedPng(width, height))).toBe('broken');
  });

  it('are a broken JPEG when they have two frames, or a side of none', async () => {
    const picture = await makePicture('jpeg');
    const at = picture.indexOf(Buffer.from([0xff, 0xc0]));
    const frame = picture.subarray(at, at + 2 + picture.readUInt16BE(at + 2));
    const twice = Buffer.concat([picture.subarray(0, at), frame, picture.subarray(at)]);
    expect(readImageHeader(twice)).toBe('broken');
    const flat = Buffer.from(picture);
    flat.writeUInt16BE(0, at + 5);
    expect(readImageHeader(flat)).toBe('broken');
  });

  it('never make the reader throw, whatever they are', () => {
    const magic = fc.constantFrom(
      '',
      '\xff\xd8\xff',
      '\x89PNG\r\n\x1a\n',
      'GIF89a',
      'RIFF\xff\0\0\0WEBPVP8X',
    );
    fc.assert(
      fc.property(magic, fc.uint8Array({ maxLength: 400 }), (start, rest) => {
        const header = readImageHeader(Buffer.concat([Buffer.from(start, 'latin1'), rest]));
        if (typeof header !== 'string')
          expect(header.byteLength).toBeLessThanOrEqual(start.length + rest.length);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(FORMATS)('never make the reader throw when they are a changed %s', async (format) => {
    const picture =
      format === 'gif' || format === 'webp' ? await makeAnimation(format, 3) : await makePicture(format);
    const changes = fc.array(fc.tuple(fc.nat(picture.length - 1), fc.integer({ min: 0, max: 255 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(changes, fc.nat(picture.length), (replaced, cut) => {
        const changed = Buffer.from(picture);
        for (const [at, value] of replaced) changed[at] = value;
        const header = readImageHeader(changed.subarray(0, changed.length - cut));
        if (typeof header === 'string') return;
        expect(header.byteLength).toBeLessThanOrEqual(changed.length - cut);
        for (const number of [header.width, header.height, header.frames]) {
          expect(Number.isSafeInteger(number) && number > 0).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['\xff\xd8', '\xff'],
    ['\xff\xd8\xff\xc0\0\x0b\x08\0\x10\0\x10\x01\0\0\0\xff\xda\0\x08\x01\0\0\0\0\0', '\xff'],
    ['\xff\xd8\xff\xc0\0\x0b\x08\0\x10\0\x10\x01\0\0\0\xff\xda\0\x08\x01\0\0\0\0\0', '\xff\x00'],
    ['\x89PNG\r\n\x1a\n', '\0\0\0\0abcd\0\0\0\0'],
    ['GIF89a\x10\0\x10\0\0\0\0', '!\xfe\0'],
    ['RIFF\0\0\x9f\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x0f\0\0\x0f\0\0', 'ANMF\0\0\0\0'],
  ])('of ten megabytes are read to their end without a result: %j and %j for ever', (start, part) => {
    const bytes = Buffer.alloc(10 * 1024 ** 2, part, 'latin1');
    bytes.write(start, 'latin1');
    expect(readImageHeader(bytes)).toBe('broken');
  });
});
