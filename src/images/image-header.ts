// Tells what picture bytes are, from its magic and structure alone: nothing is decoded here, and nothing thrown.
import { readGif } from './formats/gif.js';
import { readJpeg } from './formats/jpeg.js';
import { readPng } from './formats/png.js';
import { hasText, type StructureReader } from './formats/structure.js';
import { readWebp } from './formats/webp.js';

/** The formats that are taken. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif';

/** What a picture says of itself. */
export interface ImageHeader {
  readonly format: ImageFormat;
  readonly mediaType: string;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** Pictures in the file: 1, or more for an animation. */
  readonly frames: number;
  /** Length of the picture itself, in bytes: what follows is no part of it. */
  readonly byteLength: number;
}

/** Why there is no header: bytes of no known format, or a picture that is broken or cut off. */
export type ImageFault = 'unknown' | 'broken';

const READERS: Readonly<Record<ImageFormat, StructureReader>> = {
  jpeg: readJpeg,
  png: readPng,
  webp: readWebp,
  gif: readGif,
};

/** The format that bytes begin like; undefined for all but the four. Needs the first 12 bytes. */
export function sniffFormat(bytes: Uint8Array): ImageFormat | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'jpeg';
  if (hasText(bytes, '\x89PNG\r\n\x1a\n', 0)) return 'png';
  if (hasText(bytes, 'RIFF', 0) && hasText(bytes, 'WEBP', 8)) return 'webp';
  if (hasText(bytes, 'GIF87a', 0) || hasText(bytes, 'GIF89a', 0)) return 'gif';
  return undefined;
}

/** Reads a picture's header and checks that its structure is whole, in time that is linear in its bytes. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | ImageFault {
  const format = sniffFormat(bytes);
  if (!format) return 'unknown';
  const structure = READERS[format](bytes);
  if (!structure) return 'broken';
  const { width, height, frames, end } = structure;
  return { format, mediaType: `image/${format}`, width, height, frames, byteLength: end };
}
