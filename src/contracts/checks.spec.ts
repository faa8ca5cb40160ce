import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTimestamp, timestamp } from './checks.js';

describe('a timestamp', () => {
  it.each<[unknown, string]>([
    [0, '1970-01-01T00:00:00.000Z'],
    [2_209_032_000, '2040-01-01T12:00:00.000Z'],
    [253_402_300_799, '9999-12-31T23:59:59.000Z'],
    ['2040-01-01T13:00:00.25+01:00', '2040-01-01T12:00:00.250Z'],
    ['2040-01-01t12:00:00z', '2040-01-01T12:00:00.000Z'],
    ['2040-02-29T23:00:00-23:59', '2040-03-01T22:59:00.000Z'],
  ])('names a moment: %j', (value, moment) => {
    expect(timestamp(value)).toBeUndefined();
    expect(parseTimestamp(value)?.toISOString()).toBe(moment);
  });

  it.each([
    ...['2040-02-30T00:00:00Z', '2041-02-29T00:00:00Z', '2040-04-31T12:00:00+01:00', '2040-00-01T00:00:00Z'],
    ...['2040-13-01T00:00:00Z', '2040-01-00T00:00:00Z', '2040-01-01T24:00:00Z', '2040-01-01T25:00:00Z'],
    ...['2040-01-01T00:60:00Z', '2040-01-01T00:00:60Z', '9999-12-31T23:59:59-23:59', '1969-12-31T23:59:59Z'],
    ...[-1, 253_402_300_800, 1_795_435_200_000, Number.MAX_VALUE],
  ])('that does not exist, or is out of range, is told so: %j', (value) => {
    expect(parseTimestamp(value)).toBeUndefined();
    expect(timestamp(value)).toMatchObject({
      reason: 'invalid_value',
      expected: expect.stringMatching(
        /seconds, not milliseconds, from 0 to 253402300799,.* that exists/,
      ) as string,
    });
  });

  it.each([
    ...['', 'tomorrow', '2040-01-01', '2040-01-01T00:00:00', '2040-W01-1T00:00:00Z', '20400101T000000Z'],
    ...['2040-01-01T00:00:00+24:00', '2040-01-01T00:00:00+00:60', '2040-01-01 00:00:00Z', '1795435200'],
    ...[1.5, NaN, Infinity, true, null, undefined, [], {}],
  ])('is of another type: %j', (value) => {
    expect(parseTimestamp(value)).toBeUndefined();
    expect(timestamp(value)).toMatchObject({ reason: 'invalid_type' });
  });

  it('is every moment that a date can write', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date(253_402_300_799_000), noInvalidDate: true }),
        (date) => {
          expect(parseTimestamp(date.toISOString())).toEqual(date);
        },
      ),
    );
  });
});
