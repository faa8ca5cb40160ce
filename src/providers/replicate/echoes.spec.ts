import { describe, expect, it } from 'vitest';
import { textsIn, textsInJson, withoutEchoes } from './echoes.js';

describe('words that repeat what was sent', () => {
  it.each([
    ['ValueError: cannot read "what is on my bank statement"', 'ValueError: cannot read "…"'],
    ["can't load https://example.com/private/picture.png now", "can't load … now"],
    ['what is on my bank statement', '…'],
    ['what is on; my bank statement? Never', '…;…? Never'],
    ['CUDA out of memory', 'CUDA out of memory'],
    ['', ''],
  ])('lose that, and nothing else: %j', (words, kept) => {
    const sent = ['what is on my bank statement', 'https://example.com/private/picture.png'];
    expect(withoutEchoes(words, sent)).toBe(kept);
  });

  it('keep what nobody sent', () => {
    expect(withoutEchoes('CUDA out of memory', [])).toBe('CUDA out of memory');
  });
});

it('the texts of an input are found at any depth, but not pictures that are data', () => {
  const input = {
    prompt: 'a',
    messages: [{ content: [{ text: 'b' }] }],
    images: ['data:image/png;base64,AA', 'c'],
    n: 1,
  };
  expect(textsIn(input)).toEqual(['a', 'b', 'c']);
  expect(textsInJson(JSON.stringify({ input }))).toEqual(['a', 'b', 'c']);
  expect([textsInJson('{'), textsInJson(undefined)]).toEqual([[], []]);
});
