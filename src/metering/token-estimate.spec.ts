import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateTokens } from './token-estimate.js';

const text = 'x'.repeat(10);
const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(9999)}` } };

describe('the tokens that a request counts as', () => {
  it.each<[string, unknown, number]>([
    ['a prompt, by four', { prompt: text, max_tokens: 100 }, 103],
    ['a list of prompts', { prompt: [text, text], max_tokens: 100 }, 105],
    ['a system prompt too', { prompt: text, system_prompt: text, max_tokens: 100 }, 105],
    ['a text of no length', { prompt: '', max_tokens: 1 }, 1],
    ['no limit on the answer', { prompt: 'abcd' }, 1025],
    ['the newer of two limits', { prompt: '', max_tokens: 7, max_completion_tokens: 9 }, 9],
    ['an answer for each choice, to one prompt', { prompt: 'abcd', max_tokens: 10, n: 3 }, 31],
    [
      'messages',
      {
        messages: [
          { role: 'system', content: text },
          { role: 'user', content: text },
        ],
        max_tokens: 1,
      },
      6,
    ],
    [
      'parts that are texts, and no image',
      {
        messages: [{ role: 'user', content: [{ type: 'text', text }, image] }],
        image_urls: 'x'.repeat(999),
        max_tokens: 1,
      },
      4,
    ],
    ['nothing', undefined, 1024],
    ['a list', [], 1024],
    ['a text', 'text', 1024],
    ['wrong types', { prompt: 5, messages: 'x', max_tokens: '9', n: {} }, 1024],
    ['null', { prompt: null, messages: null, max_tokens: null, max_completion_tokens: null, n: null }, 1024],
    ['an answer that is too long', { prompt: '', max_tokens: 1e300, n: 1e300 }, Number.MAX_SAFE_INTEGER],
    ['an endless answer', { prompt: '', max_tokens: Infinity }, Number.MAX_SAFE_INTEGER],
    ['negative numbers', { prompt: '', max_tokens: -5, n: -1 }, 1024],
    ['half a token', { prompt: '', max_tokens: 0.5 }, 1],
  ])('%s', (_, body, tokens) => {
    expect(estimateTokens(body)).toBe(tokens);
  });

  it('are a whole number that can be counted, whatever is sent', () => {
    const odd = fc.oneof(fc.double(), fc.anything());
    fc.assert(
      fc.property(
        fc.record({ prompt: odd, messages: fc.oneof(fc.array(fc.anything()), odd), max_tokens: odd, n: odd }),
        (body) => {
          const tokens = estimateTokens(body);
          expect(Number.isSafeInteger(tokens) && tokens >= 1).toBe(true);
        },
      ),
    );
  });
});
