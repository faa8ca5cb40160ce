// What is stored of a key, and how two secrets are compared.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Hashes keys under the pepper, a secret that the database does not hold. */
export class KeyHasher {
  /** Which pepper this is; stored with each hash so that peppers can be rotated. */
  readonly version = 1;

  constructor(private readonly pepper: string) {}

  /** HMAC-SHA256 of the whole key. Fast on purpose: keys are 256 random bits, which cannot be guessed. */
  hash(key: string): Buffer {
    return createHmac('sha256', this.pepper).update(key).digest();
  }

  /** Whether two secrets are the same, in a time that tells nothing of either. */
  equal(one: string, other: string): boolean {
    return timingSafeEqual(this.hash(one), this.hash(other));
  }
}
