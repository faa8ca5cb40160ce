import { describe, expect, it } from 'vitest';
import type { InferenceRequest, ProviderAnswer } from './inference.js';
import { settle } from './settle.js';

const request = (maxTokens: number): InferenceRequest => ({
  model: { id: 'm', upstream: 'o/m', version: 'v' },
  prompt: 'Describe the image.',
  imageCount: 0,
  maxTokens,
});

const answer = (more: Partial<ProviderAnswer> = {}): ProviderAnswer => ({
  id: 'p',
  text: 'A red bicycle leans on a wall.',
  ...more,
});

describe('settling an answer', () => {
  it("counts the usual prompt as five tokens, as Phi-3.5's vocabulary does", () => {
    expect(settle(request(1000), answer({ tokenLimit: 1000 })).usage.prompt).toBe(5);
  });

  it('leaves an answer below the limit as it is', () => {
    const { text, finishReason, usage } = settle(request(1000), answer({ tokenLimit: 1000 }));
    expect(text).toBe('A red bicycle leans on a wall.');
    expect(finishReason).toBe('stop');
    expect(usage.completion).toBeGreaterThan(5);
  });

  it("cuts at the caller's limit where the model's minimum is above it, and says so", () => {
    const { text, finishReason, usage } = settle(request(3), answer({ tokenLimit: 64 }));
    expect('A red bicycle leans on a wall.'.startsWith(text)).toBe(true);
    expect(text).not.toBe('');
    expect(usage.completion).toBe(3);
    expect(finishReason).toBe('length');
  });

  it('does not cut what the model itself was held to', () => {
    const long = 'word '.repeat(200);
    const { text, finishReason } = settle(request(100), answer({ text: long, tokenLimit: 100 }));
    expect(text).toBe(long);
    expect(finishReason).toBe('length');
  });

  it("says length where the model's own maximum ended the answer", () => {
    const long = 'word '.repeat(200);
    expect(settle(request(5000), answer({ text: long, tokenLimit: 200 })).finishReason).toBe('length');
  });

  it("takes the provider's counts where it gives them", () => {
    const counted = settle(
      request(1000),
      answer({ tokenLimit: 1000, tokens: { prompt: 812, completion: 9 } }),
    );
    expect(counted.usage).toEqual({ prompt: 812, completion: 9 });
    expect(counted.finishReason).toBe('stop');
    const full = settle(request(9), answer({ tokenLimit: 9, tokens: { prompt: 812, completion: 9 } }));
    expect(full.finishReason).toBe('length');
  });

  it('counts nothing in an empty answer', () => {
    expect(settle(request(10), answer({ text: '' }))).toMatchObject({
      text: '',
      finishReason: 'stop',
      usage: { completion: 0 },
    });
  });
});
