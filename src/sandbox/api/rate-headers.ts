// The `ratelimit-*` headers, whose bucket Replicate refills every second. Nothing is throttled by them: a 429
// is scripted.
import type { Clock } from '../clock.js';

/** Counts the requests of the present second against Replicate's limits of a minute. */
export class RateHeaders {
  private second = 0;
  private readonly counts = { create: 0, other: 0 };

  constructor(private readonly clock: Clock) {}

  /** Counts a request and says what its answer's headers are. */
  next(kind: 'create' | 'other'): Record<string, string> {
    const second = Math.floor(this.clock() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.counts.create = 0;
      this.counts.other = 0;
    }
    this.counts[kind] += 1;
    const remaining = Math.max(0, LIMITS[kind] - this.counts[kind]);
    return { 'ratelimit-remaining': String(remaining), 'ratelimit-reset': '1' };
  }
}

/** Requests a minute: creates, and everything else. */
const LIMITS = { create: 600, other: 3000 } as const;
