import { describe, expect, it } from 'vitest';
import { PATIENCE, pauseAfter, retryAfterMs } from './alert-schedule.js';

describe('the pause after a failed attempt', () => {
  it('grows from seconds to hours, and ends three days after the alert (G10)', () => {
    const pauses: number[] = [];
    for (let age = 0; ;) {
      const pause = pauseAfter(pauses.length + 1, age, { random: 0.5 });
      if (pause === undefined) break;
      age += pause;
      pauses.push(pause / 1000);
    }
    expect(pauses.slice(0, 8)).toEqual([5, 30, 120, 600, 3600, 10_800, 21_600, 21_600]);
    expect(pauses.length).toBeLessThan(30);
    expect(pauses.reduce((sum, pause) => sum + pause * 1000, 0)).toBeLessThanOrEqual(PATIENCE);
  });

  it('is a fifth longer or shorter by chance', () => {
    expect([0, 1].map((random) => pauseAfter(1, 0, { random }))).toEqual([4000, 6000]);
  });

  it('is as long as the endpoint asks for, and never shorter than usual', () => {
    expect(pauseAfter(1, 0, { random: 0.5, retryAfterMs: 90_000 })).toBe(90_000);
    expect(pauseAfter(3, 0, { random: 0.5, retryAfterMs: 1000 })).toBe(120_000);
    expect(pauseAfter(1, 0, { random: 0.5, retryAfterMs: PATIENCE + 1 })).toBeUndefined();
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 10, 23);
  it.each<[string | undefined, number | undefined]>([
    ['120', 120_000],
    ['0', 0],
    ['Mon, 23 Nov 2026 00:01:00 GMT', 60_000],
    ['Sun, 22 Nov 2026 00:00:00 GMT', 0],
    [undefined, undefined],
    ...['', 'soon', '-1', '1.5', '1e9', 'Mon, 23 Nov 2026'].map((text): [string, undefined] => [
      text,
      undefined,
    ]),
  ])('of %j', (header, milliseconds) => {
    expect(retryAfterMs(header, now)).toBe(milliseconds);
  });
});
