// Pictures for the specs of this room and of the doors, made when they are needed. No test lives here.
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import sharp, { type Metadata } from 'sharp';

/** The formats that are taken. */
export const FORMATS = ['jpeg', 'png', 'webp', 'gif'] as const;

/** A picture of one colour with a gradient, so that it is not nothing when compressed. */
export async function makePicture(
  format: 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'heif',
  { width = 16, height = 12 }: { width?: number; height?: number } = {},
): Promise<Buffer> {
  const picture = canvas(width, height);
  return format === 'heif'
    ? picture.heif({ compression: 'av1' }).toBuffer()
    : picture.toFormat(format).toBuffer();
}

/** An unfinished picture, to be saved in some special way. */
export function canvas(width = 16, height = 12) {
  return sharp({ create: { width, height, channels: 3, background: { r: 200, g: 40, b: 90 } } });
}

/** A picture of noise: a PNG of it has about three bytes a pixel, whatever compresses it. */
export function makeNoise(width: number, height: number, format: 'png' | 'jpeg' = 'png'): Promise<Buffer> {
  const pixels = randomBytes(width * height * 3);
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .toFormat(format)
    .toBuffer();
}

/** An animation. */
export async function makeAnimation(format: 'gif' | 'webp', frames: number): Promise<Buffer> {
  const [width, height] = [8, 8];
  const pixels = Buffer.alloc(width * height * 3 * frames);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (i * 7919 + Math.floor(i / 192) * 31) % 256;
  const raw = { width, height: height * frames, channels: 3 as const, pageHeight: height };
  return sharp(pixels, { raw }).toFormat(format, { loop: 0 }).toBuffer();
}

/** A chunk of PNG with its right checksum. */
export function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A PNG that claims a size and has hardly any data: all that a pixel flood needs. */
export function claimedPng(width: number, height: number, chunks: readonly Buffer[] = []): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    ...chunks,
    pngChunk('IDAT', Buffer.from([1, 2, 3])),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** An APNG by its chunks. */
export function claimedApng(frames: number): Buffer {
  const control = Buffer.alloc(8);
  control.writeUInt32BE(frames, 0);
  return claimedPng(16, 16, [pngChunk('acTL', control)]);
}

/** What an independent reader says of a picture. */
export function readBySharp(bytes: Uint8Array): Promise<Metadata> {
  return sharp(bytes, { animated: true }).metadata();
}
