import { describe, expect, it } from 'vitest';
import { below, listed, shorten, toField } from './complaint.js';

describe('a complaint about a part', () => {
  it('is about the whole, with the way to the part and what stands there', () => {
    const inner = below(toField('type'), 'x', { reason: 'invalid_value' });
    const outer = below('[3]', { type: 'x' }, inner);
    expect(outer).toEqual({ reason: 'invalid_value', path: '[3].type', value: 'x' });
  });
});

describe('a list of texts', () => {
  it.each([
    [[], 'nothing'],
    [['a'], "'a'"],
    [['a', 'b'], "'a' and 'b'"],
    [['a', 'b', 'c'], "'a', 'b', and 'c'"],
  ])("is written as OpenAI's messages do: %j", (values, words) => {
    expect(listed(values)).toBe(words);
  });
});

it('cuts what callers have made up', () => {
  expect(shorten('x'.repeat(101))).toBe(`${'x'.repeat(100)}…`);
  expect(shorten('x'.repeat(100))).toBe('x'.repeat(100));
});
