// The sandbox's time and how Replicate writes it. All times in this room are epoch milliseconds, with
// fractions.

/** Answers the time in epoch milliseconds. */
export type Clock = () => number;

/** The wall clock with microseconds, which `Date.now()` lacks. */
export const wallClock: Clock = () => performance.timeOrigin + performance.now();

/** RFC 3339 with milliseconds, as in the answer to a create: `2026-11-20T10:00:00.123Z`. */
export function inMilliseconds(time: number): string {
  return new Date(Math.floor(time)).toISOString();
}

/** RFC 3339 with microseconds, as in the answer to a read: `2026-11-20T10:00:00.310441Z`. */
export function inMicroseconds(time: number): string {
  const microseconds = Math.floor((time - Math.floor(time)) * 1000);
  return inMilliseconds(time).replace('Z', `${String(microseconds).padStart(3, '0')}Z`);
}

/** Milliseconds as seconds with six decimals, the unit of `metrics`. */
export function inSeconds(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1_000_000;
}
