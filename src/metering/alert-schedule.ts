// When a delivery that failed is tried again. Pure: chance and the clock are given.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Pauses after the first attempts, in milliseconds; the last one holds for all that follow. */
const PAUSES = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR];

/** From the alert to the last attempt, in milliseconds. */
export const PATIENCE = 72 * HOUR;

/** By how much a pause is longer or shorter, so that those who failed together do not come back together. */
const JITTER = 0.2;

/**
 * How long to wait after a failed attempt, in milliseconds; undefined where the alert is too old to try again.
 *
 * @param attempts that were made, this one included
 * @param ageMs of the alert
 * @param more.retryAfterMs what the endpoint asks for; it may make the pause longer, never shorter
 * @param more.random from 0 to 1
 */
export function pauseAfter(
  attempts: number,
  ageMs: number,
  { retryAfterMs = 0, random }: { retryAfterMs?: number | undefined; random: number },
): number | undefined {
  const usual = PAUSES[Math.min(attempts, PAUSES.length) - 1] ?? 6 * HOUR;
  const pause = Math.max(retryAfterMs, usual * (1 + JITTER * (2 * random - 1)));
  return ageMs + pause <= PATIENCE ? Math.round(pause) : undefined;
}

/**
 * What `Retry-After` asks for, in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3). Undefined for anything
 * else.
 *
 * @param now in milliseconds
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * SECOND;
  const moment = header.endsWith('GMT') ? Date.parse(header) : NaN;
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - now);
}
