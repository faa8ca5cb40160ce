// Waits for a database that is not there yet: it starts later than we, or is failing over.
import { isDatabaseUnavailable } from './unavailable.js';

/** Pauses between attempts, in milliseconds; the last one from then on. */
const PAUSES = [500, 1000, 2000, 4000];

/** How to wait. */
export interface Patience {
  /** No attempt is begun later than this after the first one, in milliseconds. */
  readonly limitMs: number;
  /** Told of each failure after which there will be another attempt, and in how many milliseconds. */
  readonly onRetry: (error: unknown, pauseMs: number) => void;
  /** Sleeps, by the clock unless another is given; in milliseconds. */
  readonly sleep?: (ms: number) => Promise<unknown>;
}

/**
 * Repeats `act` while it fails because the database cannot be had.
 *
 * @throws what `act` threw, when that is something else, or when the time is over
 */
export async function whenReachable<T>(act: () => Promise<T>, patience: Patience): Promise<T> {
  const { limitMs, onRetry, sleep = sleepFor } = patience;
  const begun = performance.now();
  for (let attempt = 0; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      const pause = PAUSES[Math.min(attempt, PAUSES.length - 1)] ?? 0;
      if (!isWorthWaiting(error) || performance.now() - begun + pause > limitMs) throw error;
      onRetry(error, pause);
      await sleep(pause);
    }
  }
}

/**
 * Not for a refused user or password (class 28), though a gateway that runs takes that for a change under way: a start
 * has never had them right. Nor for a statement that the server has ended for its length (57014): a migration would
 * only hold its locks once more.
 */
function isWorthWaiting(error: unknown): boolean {
  const reason = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return (
    isDatabaseUnavailable(reason) && !/^(?:28...|57014)$/.test(String((reason as { code?: unknown }).code))
  );
}

function sleepFor(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
