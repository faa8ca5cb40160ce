// GIF: the blocks from the screen descriptor to the trailer. See https://www.w3.org/Graphics/GIF/spec-gif89a.txt.
import { byte, type Structure, uint16le } from './structure.js';

const [EXTENSION, IMAGE, TRAILER] = [0x21, 0x2c, 0x3b];

/** Bytes of the signature and the logical screen descriptor. */
const SCREEN = 13;

/** Bytes of an image descriptor, its introducer among them. */
const DESCRIPTOR = 10;

interface Block {
  readonly next: number;
  /** Bytes of data in it. */
  readonly size: number;
}

/** Reads GIF: every block whole. A missing trailer, which some encoders forget, is forgiven after a whole frame. */
export function readGif(bytes: Uint8Array): Structure | undefined {
  let width = uint16le(bytes, 6);
  let height = uint16le(bytes, 8);
  let frames = 0;
  let at = SCREEN + colourTable(byte(bytes, 10));
  // Fails for NaN, too: the screen descriptor is cut off.
  if (!(at <= bytes.length)) return undefined;
  const found = (end: number): Structure | undefined =>
    frames > 0 && width > 0 && height > 0 ? { width, height, frames, end } : undefined;
  while (at < bytes.length) {
    const kind = bytes[at];
    if (kind === TRAILER) return found(at + 1);
    if (kind !== EXTENSION && kind !== IMAGE) return undefined;
    const block = kind === IMAGE ? readImage(bytes, at) : readBlocks(bytes, at + 2);
    if (!block) return undefined;
    if (kind === IMAGE) {
      if (block.size === 0) return undefined;
      frames++;
      // Decoders make the screen larger where a frame reaches beyond it.
      width = Math.max(width, uint16le(bytes, at + 1) + uint16le(bytes, at + 5));
      height = Math.max(height, uint16le(bytes, at + 3) + uint16le(bytes, at + 7));
    }
    at = block.next;
  }
  return found(bytes.length);
}

function readImage(bytes: Uint8Array, at: number): Block | undefined {
  const data = at + DESCRIPTOR + colourTable(byte(bytes, at + 9));
  const codeSize = byte(bytes, data);
  const isDrawn = uint16le(bytes, at + 5) > 0 && uint16le(bytes, at + 7) > 0;
  return isDrawn && codeSize >= 1 && codeSize <= 11 ? readBlocks(bytes, data + 1) : undefined;
}

/** Runs through blocks of data up to the empty one that ends them. */
function readBlocks(bytes: Uint8Array, at: number): Block | undefined {
  let place = at;
  let size = 0;
  for (;;) {
    const length = bytes[place];
    if (length === undefined) return undefined;
    place += 1 + length;
    if (length === 0) return { next: place, size };
    size += length;
  }
}

/** Bytes of the colour table that a descriptor's flags announce. */
function colourTable(flags: number): number {
  if (Number.isNaN(flags)) return NaN;
  return flags & 0x80 ? 3 * 2 ** ((flags & 0x07) + 1) : 0;
}
