// What the readers of the four formats share. Each format's rules are in a file of its own.

/** What a picture's structure says of it. */
export interface Structure {
  readonly width: number;
  readonly height: number;
  /** Pictures in the file: 1, or more for an animation. */
  readonly frames: number;
  /** Where the picture ends, in bytes: what follows is no part of it. */
  readonly end: number;
}

/** Reads a picture's structure; undefined where it is broken or cut off. */
export type StructureReader = (bytes: Uint8Array) => Structure | undefined;

/** The numbers below are NaN beyond the end of the bytes, for which every comparison but `!==` is false. */
export function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? NaN;
}

/** Big-endian, 16 bits. */
export function uint16be(bytes: Uint8Array, at: number): number {
  return byte(bytes, at) * 0x100 + byte(bytes, at + 1);
}

/** Big-endian, 32 bits. */
export function uint32be(bytes: Uint8Array, at: number): number {
  return uint16be(bytes, at) * 0x10000 + uint16be(bytes, at + 2);
}

/** Little-endian, 16 bits. */
export function uint16le(bytes: Uint8Array, at: number): number {
  return byte(bytes, at) + byte(bytes, at + 1) * 0x100;
}

/** Little-endian, 24 bits. */
export function uint24le(bytes: Uint8Array, at: number): number {
  return uint16le(bytes, at) + byte(bytes, at + 2) * 0x10000;
}

/** Little-endian, 32 bits. */
export function uint32le(bytes: Uint8Array, at: number): number {
  return uint16le(bytes, at) + uint16le(bytes, at + 2) * 0x10000;
}

/** Whether the bytes at `at` are the characters of `text`, which is ASCII. */
export function hasText(bytes: Uint8Array, text: string, at: number): boolean {
  for (let i = 0; i < text.length; i++) {
    if (bytes[at + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}
