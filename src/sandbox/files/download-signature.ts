// The signature that opens a file's bytes to whoever has no token.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What the address of a file's bytes says about itself. */
export interface DownloadClaim {
  readonly owner: string;
  readonly id: string;
  /** Unix seconds, as text. */
  readonly expiry: string;
}

/** Base64 HMAC-SHA256 of `{owner} {id} {expiry}`. */
export function downloadSignature({ owner, id, expiry }: DownloadClaim, secret: string): string {
  return createHmac('sha256', secret).update(`${owner} ${id} ${expiry}`).digest('base64');
}

/** Whether a signature fits its claim and has not expired; `now` is in epoch milliseconds. */
export function isDownloadAllowed(
  claim: DownloadClaim,
  signature: string,
  secret: string,
  now: number,
): boolean {
  const right = Buffer.from(downloadSignature(claim, secret));
  const given = Buffer.from(signature);
  const isRight = right.length === given.length && timingSafeEqual(right, given);
  return isRight && Number(claim.expiry) * 1000 > now;
}
