import { describe, expect, it } from 'vitest';
import { isSecretName, REDACTED, redactedText } from './redacted-text.js';

describe('a text that is written down', () => {
  it.each([
    'cbr_live_3kTqZ0mXw8VbN5sYhJ2dLcR7fGpA9uEi4oQ6tKxM1vWzB0n',
    'cbr_test_3kTqZ0mXw8VbN5sYhJ2dLcR7fGpA9uEi4oQ6tKxM1vWzB0n',
    'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD8Z6yBzVS0cQ=',
    'r8_Hw8gYpNmLkQ2XvT9ZbCd3FsR7JtK5uWx1AaE',
    'sk-proj-abcdefghijklmnopqrstuvwx',
  ])('has nothing that looks like a secret, wherever it stands: %s (P10)', (secret) => {
    expect(redactedText(`name ${secret}, again "${secret}"`)).toBe(`name ${REDACTED}, again "${REDACTED}"`);
    expect(redactedText(secret)).toBe(REDACTED);
  });

  it('has no user and no secret parameter of an address', () => {
    expect(redactedText('https://user:pass@example.com/hook?a=1&access_token=abc&b=2#end')).toBe(
      `https://${REDACTED}@example.com/hook?a=1&access_token=${REDACTED}&b=2#end`,
    );
    expect(redactedText('Authorization: Bearer abc.def')).toBe(`Authorization: Bearer ${REDACTED}`);
  });

  it.each(['cbr_live_…9fQ2', 'key_0199f2a4c1d27e6f8a3b5c7d9e1f2a4b', 'ünïcode — bar8_x'])(
    'keeps what is none: %s',
    (text) => {
      expect(redactedText(text)).toBe(text);
    },
  );

  it('is one that PostgreSQL can hold', () => {
    expect(redactedText('a\0b\ud800c')).toBe('a\uFFFDb\uFFFDc');
  });
});

it.each([
  ...(['key', 'apiKey', 'API-KEY', 'key_hash', 'upstream_token', 'CEREBRO_KEY_PEPPER'] as const),
  ...(['X-Amz-Signature', 'Set-Cookie'] as const),
])('knows the name of a secret: %s', (name) => {
  expect(isSecretName(name)).toBe(true);
  expect(isSecretName('name')).toBe(false);
});
