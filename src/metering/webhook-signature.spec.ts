import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { signedHeaders } from './webhook-signature.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const message = { id: 'evt_1', body: '{"type":"budget.threshold_reached"}', at: new Date() };

/** OpenAI's client checks Standard Webhooks. */
const verify = (body: string, headers: Readonly<Record<string, string>>) =>
  new OpenAI({ apiKey: 'none' }).webhooks.verifySignature(body, { ...headers }, SECRET);

describe('a signature', () => {
  it('is that of the example of Standard Webhooks', () => {
    const { 'webhook-signature': signature } = signedHeaders(SECRET, {
      ...{ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' },
      at: new Date(1_614_265_330_000),
    });
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('is found good by a receiver that we have not written', async () => {
    await expect(verify(message.body, signedHeaders(SECRET, message))).resolves.toBeUndefined();
  });

  it.each([
    ['another body', { body: '{}' }],
    ['another id', { id: 'evt_2' }],
    ['another time', { at: new Date(Date.now() - 30_000) }],
  ])('is not that of %s', async (_, change) => {
    const headers = { ...signedHeaders(SECRET, message) };
    const other = signedHeaders(SECRET, { ...message, ...change });
    const forged = { ...headers, 'webhook-signature': other['webhook-signature'] ?? '' };
    await expect(verify(message.body, forged)).rejects.toThrow();
  });

  it.each([
    '',
    'whsec_',
    `whsec_${'A'.repeat(28)}`,
    SECRET.slice(6),
    `whsec_${'A'.repeat(100)}`,
    `${SECRET}!`,
  ])('is made with no such secret as %j (P17)', (secret) => {
    expect(() => signedHeaders(secret, message)).toThrow(RangeError);
  });
});
