// Signs what we send as Standard Webhooks 1.0.0 says (https://www.standardwebhooks.com).
import { createHmac } from 'node:crypto';

/** How a secret is written: `whsec_`, and 24 to 64 bytes in base64. */
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

/** Fewest and most bytes of a secret. */
const BYTES = { least: 24, most: 64 };

/**
 * The headers of one attempt.
 *
 * @param secret `whsec_…`
 * @param id the same for all attempts to send one message
 * @throws {RangeError} for a secret that is none; an empty one would sign for everybody
 */
export function signedHeaders(
  secret: string,
  { id, body, at }: { id: string; body: string; at: Date },
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}

function keyOf(secret: string): Buffer {
  const key = Buffer.from(SECRET.exec(secret)?.[1] ?? '', 'base64');
  if (key.length < BYTES.least || key.length > BYTES.most)
    throw new RangeError(`not whsec_ and ${BYTES.least} to ${BYTES.most} bytes in base64`);
  return key;
}
