import { describe, expect, it } from 'vitest';
import { isSigned, type SignedWebhook } from './webhook-signature.js';

// The vector of Replicate's own client: replicate-javascript, index.test.ts.
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const now = 1_614_265_330_000;
const genuine: SignedWebhook = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: '1614265330',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  body: Buffer.from('{"test": 2432232314}'),
};
const check = (changed: Partial<SignedWebhook> = {}, at = now) =>
  isSigned({ ...genuine, ...changed }, secret, at);

describe("a webhook's signature", () => {
  it('is good for the vector that Replicate publishes', () => {
    expect(check()).toBe(true);
  });

  it('may be one of several, of which other versions are passed over (G4)', () => {
    expect(check({ signature: `v2,AAAA v1,AAAA ${genuine.signature}` })).toBe(true);
  });

  it('is over the body as it came: the same JSON with another space is another body (G6)', () => {
    expect(check({ body: Buffer.from('{"test":2432232314}') })).toBe(false);
  });

  it.each([
    ['a wrong one', { signature: 'v1,h0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=' }],
    ['none', { signature: undefined }],
    ['an empty one', { signature: '' }],
    ['a version without a signature', { signature: 'v1,' }],
    ['another version', { signature: genuine.signature?.replace('v1', 'v2') }],
    ['the right one behind a hundred others', { signature: `${'v1,AAAA '.repeat(100)}${genuine.signature}` }],
    ['another id', { id: 'msg_other' }],
    ['no id', { id: undefined }],
    ['no time', { timestamp: undefined }],
    ['a time that is no number', { timestamp: '1614265330.5' }],
    ['a negative time', { timestamp: '-1614265330' }],
  ] as [string, Partial<SignedWebhook>][])('is refused: %s (G3, G4)', (_, changed) => {
    expect(check(changed)).toBe(false);
  });

  it('is refused five minutes before and after its time (G2, G3)', () => {
    expect(check({}, now + 300_000)).toBe(true);
    expect(check({}, now + 301_000)).toBe(false);
    expect(check({}, now - 301_000)).toBe(false);
  });

  it('is never good under an empty key, which HMAC itself would take (G5)', () => {
    expect(isSigned(genuine, 'whsec_', now)).toBe(false);
    expect(isSigned(genuine, '', now)).toBe(false);
  });
});
