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

  it('are short', () => {
    expect(redacted('x'.repeat(100_000)).length).toBe(300);
  });
});
