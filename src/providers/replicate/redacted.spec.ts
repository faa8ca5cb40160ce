import { describe, expect, it } from 'vitest';
import { redacted } from './redacted.js';

describe("a model's words in the log (D4, I1)", () => {
  it.each([
    [
      "HTTPConnectionPool: Max retries with url: https://b.example/a.png?X-Amz-Signature=SECRET (caused by 'x')",
      "HTTPConnectionPool: Max retries with url: https://b.example/… (caused by 'x')",
    ],
    ['No connection adapters for data:image/png;base64,AAAASECRET', 'No connection adapters for data:…'],
    [
      `ValueError: prompt "${'my secret question '.repeat(3)}" is too long`,
      'ValueError: prompt "…" is too long',
    ],
    ['CUDA out of memory (E1001)', 'CUDA out of memory (E1001)'],
  ])('are kept without what its caller has sent: %#', (words, kept) => {
    expect(redacted(words)).toBe(kept);
  });

  it.each([
    'r8_Hw8gYpNmLkQ2XvT9ZbCd3FsR7JtK5uWx1AaE',
    'cbr_live_3kTqZ0mXw8VbN5sYhJ2dLcR7fGpA9uEi4oQ6tKxM1vWzB0n',
    'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
  ])('are kept without secrets, wherever they stand: %s', (secret) => {
    const words = `401 for token=${secret}, Bearer ${secret} "${secret}" https://${secret}@b.example/?q=${secret}`;
    const kept = redacted(words);
    expect(kept).toBe(
      '401 for token=[redacted], Bearer [redacted] "[redacted]" https://[redacted]@b.example/…',
    );
  });

  it('are short', () => {
    expect(redacted('x'.repeat(100_000)).length).toBe(300);
  });
});
