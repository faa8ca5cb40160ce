// Signs the addresses under which models fetch pictures from us: without a signature there is nothing to fetch.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What the key is for: a key derived for one use is of no use for another (RFC 5869, `info`). */
const PURPOSE = 'cerebro image address v1';

/** Makes and checks signatures; the same secret makes the same ones on every node. */
export class ImageSigner {
  private readonly key: Buffer;

  /** @param secret a long-lived secret of the deployment, from which this one key is derived */
  constructor(secret: string) {
    this.key = Buffer.from(hkdfSync('sha256', secret, '', PURPOSE, 32));
  }

  /**
   * The signature of a picture's address, 43 characters of base64url.
   *
   * @param expires the last second, in Unix time, at which the address is good
   */
  sign(name: string, expires: string): string {
    return createHmac('sha256', this.key).update(`${name}\n${expires}`).digest('base64url');
  }

  /** Whether a signature is ours, in a time that tells nothing of the right one. */
  isValid(name: string, expires: string, signature: string): boolean {
    const right = Buffer.from(this.sign(name, expires));
    const given = Buffer.from(signature);
    return given.length === right.length && timingSafeEqual(given, right);
  }
}
