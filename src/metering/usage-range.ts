// From the question to the buckets that it is about. Pure: the clock is given.
import { parseTimestamp } from '../contracts/checks.js';
import { ApiError } from '../errors/api-error.js';
import type { BucketWidth, UsageQuery } from './usage.contract.js';

/** Whole buckets. Times are Unix seconds, multiples of the width. */
export interface Buckets {
  readonly width: number;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

interface WidthRule {
  readonly seconds: number;
  /** Buckets of a page. */
  readonly usual: number;
  readonly most: number;
}

/** OpenAI's page sizes. */
const RULES: Readonly<Record<BucketWidth, WidthRule>> = {
  '1m': { seconds: 60, usual: 60, most: 1440 },
  '1h': { seconds: 3600, usual: 24, most: 168 },
  '1d': { seconds: 86_400, usual: 7, most: 31 },
};

/** Most buckets of a range: two weeks of minutes, two years of hours. */
const MAX_BUCKETS = 20_000;

const CURSOR = /^page_(\d{1,12})$/;

/**
 * All buckets that a question is about.
 *
 * @param now in milliseconds
 * @throws {ApiError} `invalid_value` naming the parameter, for an end that is not after its start, and for too many
 */
export function wholeRange(query: UsageQuery, now: number): Buckets {
  const { seconds: width, usual } = ruleOf(query);
  const until = Math.ceil(secondsOf(query.end_time) ?? now / 1000);
  const end = Math.ceil(until / width) * width;
  const from = Math.floor(secondsOf(query.start_time) ?? Math.max(0, end - (query.limit ?? usual) * width));
  if (from >= until) {
    const isPlain = query.end_time == null;
    throw refuse(
      isPlain ? 'start_time' : 'end_time',
      isPlain ? 'a time in the past' : "a time after 'start_time'",
    );
  }
  const start = from - (from % width);
  if ((end - start) / width > MAX_BUCKETS) {
    throw refuse('start_time', `a range of at most ${MAX_BUCKETS} buckets, of ${width} seconds each`);
  }
  return { width, start, end };
}

/**
 * The part of a range that is this page.
 *
 * @throws {ApiError} naming `limit` or `page`
 */
export function pageOf(query: UsageQuery, range: Buckets): Buckets {
  const { usual, most } = ruleOf(query);
  const limit = query.limit ?? usual;
  if (limit > most) {
    throw new ApiError('integer_above_max_value', {
      param: 'limit',
      message: `Invalid 'limit': integer above maximum value. Expected a value <= ${most} with this 'bucket_width', but got ${limit} instead.`,
    });
  }
  const start = query.page == null ? range.start : readCursor(query.page, range);
  return { ...range, start, end: Math.min(range.end, start + limit * range.width) };
}

/** The cursor of the page that begins where `page` ends; null where the range ends there too. */
export function nextPage(page: Buckets, range: Buckets): string | null {
  return page.end < range.end ? `page_${page.end}` : null;
}

function readCursor(text: string, { width, start, end }: Buckets): number {
  const seconds = Number(CURSOR.exec(text)?.[1] ?? NaN);
  if (seconds >= start && seconds < end && seconds % width === 0) return seconds;
  throw refuse('page', "the 'next_page' of an answer to the same question");
}

function ruleOf({ bucket_width }: UsageQuery): WidthRule {
  return RULES[bucket_width ?? '1d'];
}

function secondsOf(time: number | string | null | undefined): number | undefined {
  const moment = parseTimestamp(time);
  return moment && moment.getTime() / 1000;
}

function refuse(param: string, expected: string): ApiError {
  return new ApiError('invalid_value', {
    param,
    message: `Invalid value for '${param}': expected ${expected}.`,
  });
}
