import { describe, expect, it } from 'vitest';
import type { UsageQuery } from './usage.contract.js';
import { nextPage, pageOf, wholeRange } from './usage-range.js';

const DAY = 86_400;
const NOON = Date.UTC(2026, 10, 23, 12);
const at = (iso: string): number => Date.parse(iso) / 1000;
const range = (query: UsageQuery) => wholeRange(query, NOON);

describe('the range of a question', () => {
  it('is the newest page unless said: the last seven days with today, 24 hours, 60 minutes', () => {
    expect(range({})).toEqual({ width: DAY, start: at('2026-11-17T00:00Z'), end: at('2026-11-24T00:00Z') });
    expect(range({ limit: 2 }).start).toBe(at('2026-11-22T00:00Z'));
    expect(range({ bucket_width: '1h' }).start).toBe(at('2026-11-22T12:00Z'));
    expect(range({ bucket_width: '1m', end_time: '2026-11-01T10:30:01Z' })).toEqual({
      ...{ width: 60, start: at('2026-11-01T09:31Z') },
      end: at('2026-11-01T10:31Z'),
    });
  });

  it('begins with the bucket of its start and ends before its end', () => {
    const hours = { bucket_width: '1h', start_time: '2026-11-01T00:59:59.9Z' } as const;
    expect(range({ ...hours, end_time: at('2026-11-01T03:00Z') })).toEqual({
      ...{ width: 3600, start: at('2026-11-01T00:00Z') },
      end: at('2026-11-01T03:00Z'),
    });
    expect(range({ ...hours, end_time: '2026-11-01T03:00:00.1Z' }).end).toBe(at('2026-11-01T04:00Z'));
  });

  it.each<[UsageQuery, string]>([
    [{ start_time: 2000, end_time: 1000 }, 'end_time'],
    [{ start_time: 2000, end_time: 2000 }, 'end_time'],
    [{ start_time: NOON / 1000 + 60 }, 'start_time'],
    [{ start_time: 0, bucket_width: '1h' }, 'start_time'],
    [{ start_time: 0, end_time: 20_001 * 60, bucket_width: '1m' }, 'start_time'],
  ])('is refused where it is backwards or too long: %j', (query, param) => {
    expect(() => range(query)).toThrow(expect.objectContaining({ reason: 'invalid_value', param }) as Error);
  });

  it('may have twenty thousand buckets', () => {
    expect(range({ start_time: 0, end_time: 20_000 * 60, bucket_width: '1m' }).end).toBe(1_200_000);
  });
});

describe('pages', () => {
  it('follow each other without a gap, and the last one ends with the range', () => {
    const query: UsageQuery = { bucket_width: '1h', start_time: 0, end_time: 50 * 3600 };
    const whole = range(query);
    const sizes: number[] = [];
    let page: string | null = null;
    let end = 0;
    do {
      const part = pageOf({ ...query, page }, whole);
      expect(part.start).toBe(end);
      end = part.end;
      sizes.push((part.end - part.start) / 3600);
      page = nextPage(part, whole);
    } while (page !== null);
    expect([sizes, end]).toEqual([[24, 24, 2], whole.end]);
  });

  it.each([
    ['1d', 31],
    ['1h', 168],
    ['1m', 1440],
  ] as const)('of %s have at most %i buckets', (bucket_width, most) => {
    const query: UsageQuery = { bucket_width, start_time: 0, end_time: 10_000 * 60, limit: most };
    expect(() => pageOf(query, range(query))).not.toThrow();
    expect(() => pageOf({ ...query, limit: most + 1 }, range(query))).toThrow(
      expect.objectContaining({ reason: 'integer_above_max_value', param: 'limit' }) as Error,
    );
  });

  it.each(['', 'page_', 'page_-1', 'page_3601', 'page_36000000', '3600', 'page_1e3', 'page_3600 '])(
    'are not found by %j (C15)',
    (page) => {
      const query: UsageQuery = { bucket_width: '1h', start_time: 0, end_time: 7200, page };
      expect(() => pageOf(query, range(query))).toThrow(expect.objectContaining({ param: 'page' }) as Error);
    },
  );
});
