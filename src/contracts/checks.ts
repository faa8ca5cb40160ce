// The checks that plain fields are made of. Each tells the first thing that is wrong, most telling first.
// What has an inside of its own is checked in structure-checks.ts.
import { below, type Check, type Complaint, listed } from './complaint.js';

interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** What a text may be. */
export interface TextRules {
  /** In UTF-16 units. */
  readonly maxLength: number;
  readonly allowEmpty?: boolean;
  /** What the whole text looks like, anchors included. */
  readonly pattern?: RegExp;
}

/** The complaint about a value of another type. */
export const wrongType = (expected: string): Complaint => ({ reason: 'invalid_type', expected });

/** Unicode text that PostgreSQL and a UTF-8 wire can carry: no NUL, no half of a surrogate pair. */
function isWellFormed(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** A text that is not too long, nor empty where that is not allowed. */
export function text({ maxLength, allowEmpty = false, pattern }: TextRules): Check {
  return (value) => {
    if (typeof value !== 'string') return wrongType('a string');
    if (value === '') return allowEmpty ? undefined : { reason: 'empty_string' };
    if (value.length > maxLength) return { reason: 'string_above_max_length', bound: maxLength };
    if (!isWellFormed(value))
      return { reason: 'invalid_value', expected: 'text without NUL or lone surrogates' };
    if (pattern && !pattern.test(value))
      return { reason: 'invalid_value', expected: `a string that matches the pattern '${pattern.source}'` };
    return undefined;
  };
}

/** One of a few texts. */
export function choice(values: readonly string[]): Check {
  return (value) => {
    if (typeof value !== 'string') return wrongType(`one of ${listed(values)}`);
    return values.includes(value) ? undefined : { reason: 'invalid_value', supported: values };
  };
}

/** A text or a list of texts; the texts may be empty, which their reader has better words for. */
export function textOrTexts({ maxLength, maxItems }: { maxLength: number; maxItems: number }): Check {
  const one = text({ maxLength });
  return (value) => {
    if (typeof value === 'string') return value === '' ? undefined : one(value);
    if (!Array.isArray(value)) return wrongType('a string or an array of strings');
    if (value.length > maxItems) return { reason: 'array_above_max_length', bound: maxItems };
    for (const [at, part] of value.entries()) {
      const complaint = part === '' ? undefined : one(part);
      if (complaint) return below(`[${at}]`, part, complaint);
    }
    return undefined;
  };
}

/** A whole number within bounds. */
export function integer({ min, max }: Bounds): Check {
  return (value) => {
    if (!Number.isInteger(value)) return wrongType('an integer');
    if ((value as number) < min) return { reason: 'integer_below_min_value', bound: min };
    if ((value as number) > max) return { reason: 'integer_above_max_value', bound: max };
    return undefined;
  };
}

/** A number within bounds that JSON can hold: no NaN, no Infinity, which `1e999` parses to. */
export function decimal({ min, max }: Bounds): Check {
  return (value) => {
    if (!Number.isFinite(value)) return wrongType('a decimal');
    if ((value as number) < min) return { reason: 'decimal_below_min_value', bound: min };
    if ((value as number) > max) return { reason: 'decimal_above_max_value', bound: max };
    return undefined;
  };
}

/** True or false. */
export const boolean: Check = (value) => (typeof value === 'boolean' ? undefined : wrongType('a boolean'));

/** Unix seconds, or RFC 3339 with a time zone. */
export const timestamp: Check = (value) => {
  if (!Number.isInteger(value) && !isDateTime(value)) {
    return wrongType('a time in Unix seconds or as an RFC 3339 date-time');
  }
  return parseTimestamp(value) ? undefined : { reason: 'invalid_value', expected: REAL_TIME };
};

/** How RFC 3339 writes a date-time, with its time zone. */
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** The end of the year 9999, the last that PostgreSQL and RFC 3339 both write, in seconds. */
export const LAST_SECOND = 253_402_300_799;

const REAL_TIME = `a time from 1970 to the end of 9999: seconds, not milliseconds, from 0 to ${LAST_SECOND}, or a date-time that exists`;

/** The moment that a timestamp names; undefined when it names none. */
export function parseTimestamp(value: unknown): Date | undefined {
  const milliseconds = typeof value === 'string' ? parseDateTime(value) : secondsToMs(value);
  return milliseconds >= 0 && milliseconds <= LAST_SECOND * 1000 ? new Date(milliseconds) : undefined;
}

function secondsToMs(value: unknown): number {
  return Number.isInteger(value) ? (value as number) * 1000 : NaN;
}

/** In milliseconds; NaN where it names no moment. `Date.parse` alone takes 30 February for 1 March. */
function parseDateTime(text: string): number {
  if (!RFC_3339.test(text)) return NaN;
  const written = text.slice(0, 'yyyy-mm-ddThh:mm:ss'.length).toUpperCase();
  const read = Date.parse(`${written}Z`);
  const isReal = !Number.isNaN(read) && new Date(read).toISOString().startsWith(written);
  return isReal ? Date.parse(text.toUpperCase()) : NaN;
}

function isDateTime(value: unknown): boolean {
  return typeof value === 'string' && RFC_3339.test(value);
}
