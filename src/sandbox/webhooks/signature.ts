// Signs webhooks in the Standard Webhooks scheme, as Replicate does.
import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';

/** A new secret in the form in which Replicate hands it out: 24 random bytes in base64. */
export function newWebhookSecret(): string {
  return `${PREFIX}${randomBytes(24).toString('base64')}`;
}

/** The id of a message, which all attempts at it share. */
export function newMessageId(): string {
  return `msg_${randomBytes(20).toString('hex')}`;
}

/**
 * `v1,<base64>` over the id, the time in Unix seconds and the very bytes of the body. The key is what
 * `whsec_` stands before, decoded.
 */
export function webhookSignature(secret: string, id: string, timestamp: number, body: string): string {
  const key = Buffer.from(secret.slice(secret.startsWith(PREFIX) ? PREFIX.length : 0), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return `v1,${signature}`;
}
