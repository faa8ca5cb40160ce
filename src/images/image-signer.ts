// Signs the addresses under which models fetch pictures from us: without a signature there is nothing to fetch.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What the key is for: a key derived for one use is of no use for another (RFC 5869, `info`). */
const PURPOSE = 'cerebro image address v1';

/** Makes and checks signatures; the same secret makes the same ones on every node. */
export class ImageSigner {
  private readonly key: Buffer;
  /** Of the secret before this one. */
  private readonly previousKey: Buffer | undefined;

  /**
   * @param secret a long-lived secret of the deployment, from which this one key is derived
   * @param previous the one before it, whose signatures are good until they end
   */
  constructor(secret: string, previous?: string) {
    this.key = derived(secret);
    this.previousKey = previous === undefined ? undefined : derived(previous);
  }

  /**
   * The signature of a picture's address, 43 characters of base64url.
   *
   * @param expires the last second, in Unix time, at which the address is good
   */
  sign(name: string, expires: string): string {
    return signature(this.key, name, expires);
  }

  /** Whether a signature is ours, in a time that tells nothing of the right one. */
  isValid(name: string, expires: string, given: string): boolean {
    const bytes = Buffer.from(given);
    return [this.key, this.previousKey].some((key) => {
      const right = key && Buffer.from(signature(key, name, expires));
      return right?.length === bytes.length && timingSafeEqual(bytes, right);
    });
  }
}

function derived(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', PURPOSE, 32));
}

function signature(key: Buffer, name: string, expires: string): string {
  return createHmac('sha256', key).update(`${name}\n${expires}`).digest('base64url');
}
