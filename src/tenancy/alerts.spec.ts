import { describe, expect, it } from 'vitest';
import { planAlerts } from './alerts.js';

const URL = 'https://example.com/';
const SECRET = /^whsec_[A-Za-z0-9+/]{43}=$/;

describe('a plan for alerts', () => {
  it('makes a secret with the first address, keeps it with the next, drops it with the last', () => {
    expect(planAlerts(null, { url: URL }, false).secret).toMatch(SECRET);
    expect(planAlerts(URL, { url: `${URL}2` }, false)).toEqual({
      url: `${URL}2`,
      thresholds: undefined,
      secret: undefined,
    });
    expect(planAlerts(URL, { url: null }, false)).toMatchObject({ url: null, secret: null });
  });

  it('changes nothing where nothing is said', () => {
    for (const present of [null, URL]) {
      expect(planAlerts(present, {}, false)).toEqual({
        url: undefined,
        thresholds: undefined,
        secret: undefined,
      });
    }
  });

  it('makes another secret when that is asked for, never the same', () => {
    const made = [1, 2, 3].map(() => planAlerts(URL, {}, true).secret);
    for (const secret of made) expect(secret).toMatch(SECRET);
    expect(new Set(made).size).toBe(3);
  });

  it('has no secret to make where nothing is sent', () => {
    expect(() => planAlerts(null, {}, true)).toThrow('rotate_alert_secret');
    expect(() => planAlerts(URL, { url: null }, true)).toThrow('rotate_alert_secret');
  });

  it('sorts thresholds, and has the usual ones for null', () => {
    expect(planAlerts(null, { thresholds: [90, 5, 50] }, false).thresholds).toEqual([5, 50, 90]);
    expect(planAlerts(null, { thresholds: null }, false).thresholds).toEqual([50, 80, 100]);
  });
});
