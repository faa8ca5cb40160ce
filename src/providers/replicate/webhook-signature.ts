// Checks the signature of a webhook, as Standard Webhooks and Replicate define it: HMAC-SHA256 over id, time
// and the body as it came. Source: replicate.com/docs/topics/webhooks/verify-webhook.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far a webhook's time may be from ours, in seconds. */
const TOLERANCE = 300;

/** Most signatures of one webhook that are compared: several are there while a key is changed. */
const MAX_SIGNATURES = 10;

/** The parts of a webhook that are signed, and the signatures. */
export interface SignedWebhook {
  readonly id: string | undefined;
  /** Unix seconds. */
  readonly timestamp: string | undefined;
  /** `v1,<base64>`, several separated by spaces. */
  readonly signature: string | undefined;
  readonly body: Buffer;
}

/** Whether a webhook has the form of one that was signed not long ago; only then its signature is worth a look. */
export function isTimely({ id, timestamp, signature }: SignedWebhook, now: number): boolean {
  if (!id || !signature || !timestamp || !/^\d{1,12}$/.test(timestamp)) return false;
  return Math.abs(now / 1000 - Number(timestamp)) <= TOLERANCE;
}

/**
 * Whether a webhook was signed with the key, not long ago.
 *
 * @param secret `whsec_` and the key in base64
 * @param now epoch milliseconds
 */
export function isSigned(webhook: SignedWebhook, secret: string, now: number): boolean {
  const { id, timestamp, signature = '', body } = webhook;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  if (key.length === 0 || !isTimely(webhook, now)) return false;
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  return signature
    .split(' ', MAX_SIGNATURES)
    .some((candidate) => candidate.startsWith('v1,') && equals(candidate.slice(3), expected));
}

function equals(base64: string, expected: Buffer): boolean {
  const given = Buffer.from(base64, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
