// Reads the body of an answer from a stranger: no more bytes than allowed, and not for ever.
import type { Readable } from 'node:stream';
import { EgressError } from './egress-error.js';

/** Bounds of a body. */
export interface BodyBounds {
  /** Most bytes. */
  readonly maxBytes: number;
  /** How long it may be slow, in milliseconds. */
  readonly slowStartMs: number;
  /** The slowest average after that. */
  readonly minBytesPerSecond: number;
}

/** How often the speed is looked at, in milliseconds. */
const PACE_CHECK = 250;

/** First room for a body of unknown length, in bytes. */
const FIRST_ROOM = 16_384;

/**
 * The whole body. Rejects with an {@link EgressError} (`too_large`; `timed_out` when it comes too slowly), or with
 * the stream's own error. The stream is destroyed then, and its connection with it.
 */
export async function readBody(body: Readable, bounds: BodyBounds): Promise<Uint8Array> {
  const sink = new ByteSink(bounds.maxBytes);
  const start = performance.now();
  const pace = setInterval(
    () => {
      const elapsed = performance.now() - start;
      const isSlow = sink.size < (elapsed / 1000) * bounds.minBytesPerSecond;
      if (elapsed >= bounds.slowStartMs && isSlow) body.destroy(new EgressError('timed_out'));
    },
    Math.min(PACE_CHECK, bounds.slowStartMs),
  );
  try {
    for await (const chunk of body) sink.write(chunk as Uint8Array);
    return sink.bytes();
  } finally {
    clearInterval(pace);
  }
}

/**
 * Bytes in one growing piece. Chunks are copied, not kept: a body in chunks of one byte would otherwise take a
 * hundred times its size.
 */
class ByteSink {
  private room = new Uint8Array(0);
  size = 0;

  constructor(private readonly maxBytes: number) {}

  write(chunk: Uint8Array): void {
    const size = this.size + chunk.length;
    if (size > this.maxBytes) throw new EgressError('too_large');
    if (size > this.room.length) this.grow(size);
    this.room.set(chunk, this.size);
    this.size = size;
  }

  /** A piece of exactly the right size, as it may be kept for long. */
  bytes(): Uint8Array {
    return this.room.slice(0, this.size);
  }

  private grow(least: number): void {
    const room = new Uint8Array(Math.min(this.maxBytes, Math.max(FIRST_ROOM, least, this.room.length * 2)));
    room.set(this.room);
    this.room = room;
  }
}
