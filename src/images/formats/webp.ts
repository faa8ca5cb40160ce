// WebP: the RIFF container, and of its pictures the size. See https://datatracker.ietf.org/doc/html/rfc9649.
import { byte, hasText, type Structure, uint16le, uint24le, uint32le } from './structure.js';

/** Bytes before the first chunk: RIFF, the length, WEBP. */
const HEADER = 12;

/** Bytes of a chunk before its data: its name and length. */
const CHUNK = 8;

/** More chunks than any picture that is taken has. */
const MAX_CHUNKS = 4096;

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Chunk {
  readonly at: number;
  readonly data: number;
  readonly end: number;
}

/** Reads WebP: simple, lossless or extended; every chunk whole, and within the container's length. */
export function readWebp(bytes: Uint8Array): Structure | undefined {
  const end = CHUNK + uint32le(bytes, 4);
  if (!(end <= bytes.length)) return undefined;
  const [first, ...others] = readChunks(bytes, end) ?? [];
  if (!first) return undefined;
  if (!hasText(bytes, 'VP8X', first.at)) {
    const size = readPicture(bytes, first);
    return size && { ...size, frames: 1, end };
  }
  return readExtended(bytes, first, others, end);
}

function readExtended(bytes: Uint8Array, header: Chunk, chunks: Chunk[], end: number): Structure | undefined {
  if (header.end - header.data !== 10) return undefined;
  const width = uint24le(bytes, header.data + 4) + 1;
  const height = uint24le(bytes, header.data + 7) + 1;
  const isAnimated = (byte(bytes, header.data) & 0x02) !== 0;
  if (isAnimated) {
    const frames = chunks.filter((chunk) => hasText(bytes, 'ANMF', chunk.at) && chunk.end - chunk.data > 24);
    return frames.length > 0 ? { width, height, frames: frames.length, end } : undefined;
  }
  const sizes = chunks.map((chunk) => readPicture(bytes, chunk)).filter((size) => size !== undefined);
  const isOne = sizes.length === 1 && sizes[0]?.width === width && sizes[0].height === height;
  return isOne ? { width, height, frames: 1, end } : undefined;
}

function readChunks(bytes: Uint8Array, end: number): Chunk[] | undefined {
  const chunks: Chunk[] = [];
  let at = HEADER;
  while (at + CHUNK <= end) {
    const data = at + CHUNK;
    const chunk = { at, data, end: data + uint32le(bytes, at + 4) };
    if (chunk.end > end || chunks.length === MAX_CHUNKS) return undefined;
    chunks.push(chunk);
    // Chunks begin at even places.
    at = chunk.end + (chunk.end % 2);
  }
  return chunks;
}

/** Size of the picture in a chunk; undefined where it has none, or a broken one. */
function readPicture(bytes: Uint8Array, { at, data, end }: Chunk): Size | undefined {
  if (hasText(bytes, 'VP8 ', at) && end - data > 10) return readLossy(bytes, data);
  if (hasText(bytes, 'VP8L', at) && end - data > 5) return readLossless(bytes, data);
  return undefined;
}

/** A key frame of VP8: https://datatracker.ietf.org/doc/html/rfc6386#section-9.1. */
function readLossy(bytes: Uint8Array, at: number): Size | undefined {
  const isKeyFrame = (byte(bytes, at) & 0x01) === 0;
  if (!isKeyFrame || uint24le(bytes, at + 3) !== 0x2a019d) return undefined;
  const width = uint16le(bytes, at + 6) & 0x3fff;
  const height = uint16le(bytes, at + 8) & 0x3fff;
  return width > 0 && height > 0 ? { width, height } : undefined;
}

/** The lossless header: RFC 9649, section 3.4. */
function readLossless(bytes: Uint8Array, at: number): Size | undefined {
  const bits = uint32le(bytes, at + 1);
  const isKnown = byte(bytes, at) === 0x2f && bits < 2 ** 29;
  return isKnown
    ? { width: (bits % 2 ** 14) + 1, height: (Math.floor(bits / 2 ** 14) % 2 ** 14) + 1 }
    : undefined;
}
