import { describe, expect, it } from 'vitest';
import { cutAtStop } from './stop.js';

describe('a stop text', () => {
  it('ends the answer where it first begins, and is no part of it', () => {
    expect(cutAtStop('one. two. three', ['. ', 'two'])).toEqual({ text: 'one', stopped: true });
    expect(cutAtStop('one two', ['two', 'one'])).toEqual({ text: '', stopped: true });
  });

  it('leaves an answer without it as it is', () => {
    expect(cutAtStop('one', ['two'])).toEqual({ text: 'one', stopped: false });
    expect(cutAtStop('one', [])).toEqual({ text: 'one', stopped: false });
    expect(cutAtStop('one')).toEqual({ text: 'one', stopped: false });
  });
});
