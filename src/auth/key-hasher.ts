// What is stored of a key, and how two secrets are compared.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a pepper's mark is made of; any constant text that is no key. */
const MARK = 'cerebro pepper mark';

/** Hashes keys under the pepper, a secret that the database does not hold. */
export class KeyHasher {
  /** Marks the pepper, and later its successor, in the database: see `markOf`. */
  readonly version: number;
  /** The mark of the pepper before it; undefined where there is none. */
  readonly previousVersion: number | undefined;

  /** @param previous the pepper before this one, under which keys are still found */
  constructor(
    private readonly pepper: string,
    private readonly previous?: string,
  ) {
    this.version = markOf(pepper);
    this.previousVersion = previous === undefined ? undefined : markOf(previous);
  }

  /** HMAC-SHA256 of the whole key. Fast on purpose: keys are 256 random bits, which cannot be guessed. */
  hash(key: string): Buffer {
    return hmac(this.pepper, key);
  }

  /** All hashes under which a key may be stored, that of the pepper first. */
  hashes(key: string): Buffer[] {
    const { pepper, previous } = this;
    return [pepper, ...(previous === undefined ? [] : [previous])].map((secret) => hmac(secret, key));
  }

  /** Whether two secrets are the same, in a time that tells nothing of either. */
  equal(one: string, other: string): boolean {
    return timingSafeEqual(this.hash(one), this.hash(other));
  }
}

/**
 * Tells one pepper from another by 31 bits of an HMAC under it, from 2 on: 1 stands for a pepper that nobody has marked.
 * Of a pepper that can be guessed it tells no more than any stored key does to whoever holds that key.
 */
function markOf(pepper: string): number {
  return Math.max(2, hmac(pepper, MARK).readUInt32BE() >>> 1);
}

function hmac(secret: string, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}
