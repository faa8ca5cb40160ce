import { describe, expect, it } from 'vitest';
import { shapedOutput } from './output.js';

const pieces = (text: string) =>
  shapedOutput(text, { type: 'array', 'x-cog-array-type': 'iterator' }) as string[];

describe('the pieces of an answer', () => {
  it.each([
    '',
    ' one  two\n\nthree ',
    '{"a":"b","c":["d","e","f","g"]}',
    '日本語の長い文章は空白なしで続くことがあります。',
    '🦊'.repeat(40),
  ])('of %j are words or parts of them, and together the text', (text) => {
    expect(pieces(text).join('')).toBe(text);
    expect(pieces(text).every((piece) => Array.from(piece.trim()).length <= 16)).toBe(true);
    expect(pieces(text).every((piece) => piece.isWellFormed())).toBe(true);
  });

  it('end with the space after a word', () => {
    expect(pieces('When visiting a place')).toEqual(['When ', 'visiting ', 'a ', 'place']);
  });
});
