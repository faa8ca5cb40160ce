import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDollars, toDollars } from './money.js';

const written = (nanos: bigint): string =>
  `${nanos / 1_000_000_000n}.${String(nanos % 1_000_000_000n).padStart(9, '0')}`;

describe('parseDollars', () => {
  it('is exact for every text (F7)', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 999_999_999_999_999_999n), (nanos) => {
        expect(parseDollars(written(nanos))).toBe(nanos);
        expect(parseDollars(`${written(nanos)}000`)).toBe(nanos);
      }),
      { numRuns: 2000 },
    );
  });

  it('is exact for every number of JSON below eight million dollars (F7)', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 7_999_999_999_999_999n), (nanos) => {
        expect(parseDollars(JSON.parse(written(nanos)))).toBe(nanos);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ...['0.0000000001', 1e-10, 0.1 + 0.2, '1000000000', 1e9, 1e21, Infinity, NaN, -1, '-1', '-0'],
    ...['', ' 1', '1 ', '+1', '$1', '1e3', '.5', '5.', '1,5', '0x10', '1_000', '١'],
    ...[null, undefined, true, {}, ['1']],
  ])('refuses %j', (amount) => {
    expect(parseDollars(amount)).toBeUndefined();
  });
});

describe('toDollars', () => {
  it.each([
    [0n, 0],
    [1n, 1e-9],
    [975_000n, 0.000975],
    [100_000_000n, 0.1],
    [-1_500_000_000n, -1.5],
    [10_000_000_000_000_000n, 10_000_000],
  ])('shows %s as %d', (nanos, dollars) => {
    expect(toDollars(nanos)).toBe(dollars);
  });

  it('shows a number that is read as the same amount', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 7_999_999_999_999_999n), (nanos) => {
        expect(parseDollars(toDollars(nanos))).toBe(nanos);
      }),
      { numRuns: 2000 },
    );
  });
});
