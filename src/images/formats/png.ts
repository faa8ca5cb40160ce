// PNG and APNG: the chunks from IHDR to IEND. See https://www.w3.org/TR/png-3/.
import { crc32 } from 'node:zlib';
import { byte, type Structure, uint32be } from './structure.js';

/** Bytes of the signature before the first chunk. */
const SIGNATURE = 8;

/** Bytes of a chunk besides its data: length, type and checksum. */
const FRAME = 12;

/** More chunks than encoders write for the largest picture that is taken; each one costs time. */
const MAX_CHUNKS = 65_536;

const [IHDR, PLTE, IDAT, IEND, acTL] = [0x49484452, 0x504c5445, 0x49444154, 0x49454e44, 0x6163544c];

/** Bit depths that each colour type may have: section 11.2.1. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

interface Chunk {
  readonly type: number;
  readonly data: number;
  readonly next: number;
}

/** Reads PNG: every chunk whole, the ones that a decoder needs with their checksums, up to IEND. */
export function readPng(bytes: Uint8Array): Structure | undefined {
  const header = readHeader(bytes);
  if (!header) return undefined;
  let frames = 1;
  let hasData = false;
  let at = header.next;
  for (let count = 0; count < MAX_CHUNKS; count++) {
    const chunk = readChunk(bytes, at);
    if (!chunk || chunk.type === IHDR) return undefined;
    if (chunk.type === acTL) frames = uint32be(bytes, chunk.data);
    if (chunk.type === IDAT) hasData = true;
    if (chunk.type === IEND) {
      return hasData && frames > 0 ? { ...header.size, frames, end: chunk.next } : undefined;
    }
    at = chunk.next;
  }
  return undefined;
}

function readHeader(bytes: Uint8Array) {
  const chunk = readChunk(bytes, SIGNATURE);
  if (chunk?.type !== IHDR || chunk.next - SIGNATURE !== FRAME + 13) return undefined;
  const size = { width: uint32be(bytes, chunk.data), height: uint32be(bytes, chunk.data + 4) };
  const depths = DEPTHS[byte(bytes, chunk.data + 9)] ?? [];
  const isKnown =
    depths.includes(byte(bytes, chunk.data + 8)) &&
    byte(bytes, chunk.data + 10) === 0 &&
    byte(bytes, chunk.data + 11) === 0 &&
    byte(bytes, chunk.data + 12) <= 1;
  return isKnown && size.width > 0 && size.height > 0 ? { size, next: chunk.next } : undefined;
}

function readChunk(bytes: Uint8Array, at: number): Chunk | undefined {
  const length = uint32be(bytes, at);
  const next = at + FRAME + length;
  if (!(next <= bytes.length)) return undefined;
  const type = uint32be(bytes, at + 4);
  const chunk = { type, data: at + 8, next };
  return isCritical(bytes, at) && !isSound(bytes, chunk) ? undefined : chunk;
}

/** A capital first letter: a decoder that does not know the chunk, or finds it broken, cannot go on. */
function isCritical(bytes: Uint8Array, at: number): boolean {
  return (byte(bytes, at + 4) & 0x20) === 0;
}

function isSound(bytes: Uint8Array, { type, data, next }: Chunk): boolean {
  const isKnown = type === IHDR || type === PLTE || type === IDAT || type === IEND;
  return isKnown && crc32(bytes.subarray(data - 4, next - 4)) === uint32be(bytes, next - 4);
}
