// JPEG: the segments from SOI to EOI. See ITU-T T.81, annex B: https://www.w3.org/Graphics/JPEG/itu-t81.pdf.
import { byte, type Structure, uint16be } from './structure.js';

const [EOI, SOS] = [0xd9, 0xda];

/** Frames that decoders read: baseline, extended and progressive, the last two also with arithmetic coding. */
const READABLE_FRAMES = [0xc0, 0xc1, 0xc2, 0xc9, 0xca];

/** More segments than encoders write, with all profiles and scans; each one costs time. */
const MAX_SEGMENTS = 4096;

/** C4, C8 and CC lie among the frames and are tables. */
const NO_FRAMES = [0xc4, 0xc8, 0xcc];

interface Frame {
  readonly width: number;
  readonly height: number;
}

/**
 * Reads JPEG: each segment up to the first scan, the frame's size, and the scans up to EOI. A thumbnail's EOI
 * lies inside a segment, so that this is the picture's own; a second picture after it is not looked at.
 */
export function readJpeg(bytes: Uint8Array): Structure | undefined {
  let frame: Frame | undefined;
  let hasScan = false;
  let at = 2;
  for (let segments = 0; segments < MAX_SEGMENTS; segments++) {
    // Between segments stands nothing but fill bytes; coded data stands after the first scan's header only.
    const marker = hasScan ? nextMarker(bytes, at) : skipFill(bytes, at);
    if (marker === undefined) return undefined;
    const code = byte(bytes, marker);
    if (code === EOI) return hasScan && frame ? { ...frame, frames: 1, end: marker + 1 } : undefined;
    const length = uint16be(bytes, marker + 1);
    const next = marker + 1 + length;
    if (!(length >= 2 && next <= bytes.length)) return undefined;
    if (isFrame(code)) {
      if (frame || !READABLE_FRAMES.includes(code)) return undefined;
      frame = readFrame(bytes, marker + 1, length);
      if (!frame) return undefined;
    }
    if (code === SOS) {
      if (!frame || !isScanHeader(bytes, marker + 1, length) || next + 2 >= bytes.length) return undefined;
      hasScan = true;
    }
    at = next;
  }
  return undefined;
}

function isFrame(code: number): boolean {
  return code >= 0xc0 && code <= 0xcf && !NO_FRAMES.includes(code);
}

function readFrame(bytes: Uint8Array, at: number, length: number): Frame | undefined {
  const precision = byte(bytes, at + 2);
  const height = uint16be(bytes, at + 3);
  const width = uint16be(bytes, at + 5);
  const components = byte(bytes, at + 7);
  const isWhole = components >= 1 && components <= 4 && length === 8 + 3 * components;
  const isKnown = precision === 8 || precision === 12;
  return isWhole && isKnown && width > 0 && height > 0 ? { width, height } : undefined;
}

function isScanHeader(bytes: Uint8Array, at: number, length: number): boolean {
  const components = byte(bytes, at + 2);
  return components >= 1 && components <= 4 && length === 6 + 2 * components;
}

/** Place of the marker code at `at`, behind any number of fill bytes; undefined where there is none. */
function skipFill(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at] !== 0xff) return undefined;
  let place = at + 1;
  while (bytes[place] === 0xff) place++;
  return byte(bytes, place) >= 0xc0 ? place : undefined;
}

/** Place of the next marker code in coded data, in which FF 00 stands for a byte FF, and FF D0…D7 may stand. */
function nextMarker(bytes: Uint8Array, at: number): number | undefined {
  for (let i = at; i + 1 < bytes.length; i++) {
    if (bytes[i] !== 0xff) continue;
    // Not `byte`: this runs for every byte of the picture.
    const code = bytes[i + 1] as number;
    const isData = code < 0xc0 || code === 0xff || (code >= 0xd0 && code <= 0xd7);
    if (!isData) return i + 1;
  }
  return undefined;
}
