import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nanoDollars } from './nano-dollars.js';

const written = (nanos: number): string =>
  `${Math.floor(nanos / 1e9)}.${String(nanos % 1e9).padStart(9, '0')}`;

describe('nanoDollars', () => {
  it('is exact for every amount, as a text and as a number of JSON (F7)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999_999 }), (nanos) => {
        expect(nanoDollars(written(nanos))).toBe(nanos);
        expect(nanoDollars(`${written(nanos)}00`)).toBe(nanos);
        expect(nanoDollars(JSON.parse(written(nanos)))).toBe(nanos);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['0.000975', 975_000],
    ['0', 0],
    ['12', 12_000_000_000],
    ['0.1', 100_000_000],
    [0.1, 100_000_000],
    [1e-9, 1],
    [5e-7, 500],
    [3, 3_000_000_000],
  ])('reads %j', (amount, nanos) => {
    expect(nanoDollars(amount)).toBe(nanos);
  });

  it.each([
    ...['0.0000000001', '0.1234567891', 1e-10, 0.1234567891, 0.1 + 0.2],
    ...['1000000', 1e6, 1e21, Infinity, NaN, -1, '-1', '-0'],
    ...['', ' 1', '1 ', '+1', '$1', '1e3', '.5', '5.', '1,5', '0x10', '1_000', '١'],
    ...[null, undefined, true, {}, ['1']],
  ])('refuses %j', (amount) => {
    expect(nanoDollars(amount)).toBeUndefined();
  });
});
