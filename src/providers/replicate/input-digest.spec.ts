import { describe, expect, it } from 'vitest';
import { digestOf } from './input-digest.js';

describe("an input's digest", () => {
  it('does not depend on the order of keys, in which Replicate gives them back sorted', () => {
    const sent = { prompt: 'p', image_urls: 'u', nested: { b: [1, { d: 1, c: 2 }], a: null } };
    const listed = { image_urls: 'u', nested: { a: null, b: [1, { c: 2, d: 1 }] }, prompt: 'p' };
    expect(digestOf(sent)).toEqual(digestOf(listed));
  });

  it('depends on everything else', () => {
    const digests = [{ a: 1 }, { a: '1' }, { a: [1] }, { a: 1, b: null }, { b: 1 }, [1], {}].map((value) =>
      digestOf(value).toString('hex'),
    );
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('leaves out what JSON leaves out', () => {
    expect(digestOf({ a: 1, b: undefined })).toEqual(digestOf({ a: 1 }));
  });
});
