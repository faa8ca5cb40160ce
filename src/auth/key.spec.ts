import { describe, expect, it } from 'vitest';
import { displayKey, isWellFormedKey, mintKey } from './key.js';

describe('a key', () => {
  it('is well formed when it is minted, every time another', () => {
    const keys = Array.from({ length: 200 }, mintKey);
    expect(keys.every(isWellFormedKey)).toBe(true);
    expect(new Set(keys).size).toBe(200);
    expect(keys[0]).toMatch(/^cbr_live_[0-9A-Za-z]{49}$/);
  });

  it('is malformed with any one character changed', () => {
    const key = mintKey();
    for (let i = 0; i < key.length; i++) {
      const other = key[i] === 'x' ? 'y' : 'x';
      expect(isWellFormedKey(key.slice(0, i) + other + key.slice(i + 1)), `position ${i}`).toBe(false);
    }
  });

  it('is malformed cut short, prolonged, or with white space around it', () => {
    const key = mintKey();
    for (const bad of ['', key.slice(0, -1), `${key}0`, ` ${key}`, `${key}\n`, key.toUpperCase()]) {
      expect(isWellFormedKey(bad)).toBe(false);
    }
  });

  it('is displayed by its prefix and last four characters only', () => {
    const key = mintKey();
    expect(displayKey(key)).toBe(`cbr_live_…${key.slice(-4)}`);
  });
});
