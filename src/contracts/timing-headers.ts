// Tells callers where the time of an answer went: a cold boot is no slow model.
import type { Timings } from '../inference/inference.js';

/**
 * Headers with the milliseconds of each part, and the same as `Server-Timing`, which browsers and tracing tools
 * read. A part that the provider did not tell is left out. Source: https://www.w3.org/TR/server-timing/
 */
export function timingHeaders({ queueMs, bootMs, runMs }: Timings): Record<string, string> {
  const parts = { queue: queueMs, boot: bootMs, run: runMs };
  const known = Object.entries(parts).filter((entry): entry is [string, number] => entry[1] !== undefined);
  return {
    ...Object.fromEntries(known.map(([name, ms]) => [`x-cerebro-${name}-ms`, String(ms)])),
    'server-timing': known.map(([name, ms]) => `${name};dur=${ms}`).join(', '),
  };
}
