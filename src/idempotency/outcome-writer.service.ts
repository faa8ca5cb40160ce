// Writes how calls ended, behind the answer's back: a caller waits for it a moment, and never fails by it.
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';

/** Longest that an answer waits for the write, in milliseconds. */
const PATIENCE = 1000;

/** Shortest and longest wait before a write is tried again, in milliseconds. */
const AGAIN = { first: 1000, last: 60_000 };

/** Most writes that wait for their next attempt; each holds an answer in memory. */
const MOST_WAITING = 1000;

/**
 * Writes, and tries again what failed: a row that stays behind as running, on a node that lives on, would
 * refuse its caller for a day. When the node ends, others take its rows over.
 */
@Injectable()
export class OutcomeWriter implements OnApplicationShutdown {
  private readonly logger = new Logger('Idempotency');
  private readonly waiting = new Set<NodeJS.Timeout>();
  private isClosed = false;

  /** Runs a write, which may be repeated. Resolves when it is done, has failed, or takes too long; never rejects. */
  async write(task: () => Promise<void>): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(() => late.resolve(), PATIENCE);
    await Promise.race([this.attempt(task, AGAIN.first), late.promise]);
    clearTimeout(timer);
  }

  onApplicationShutdown(): void {
    this.isClosed = true;
    for (const timer of this.waiting) clearTimeout(timer);
    this.waiting.clear();
  }

  private async attempt(task: () => Promise<void>, wait: number): Promise<void> {
    try {
      await task();
    } catch (error) {
      const { message } = error as Error;
      this.logger.warn(`The end of a call under an Idempotency-Key could not be written: ${message}`);
      this.later(task, wait);
    }
  }

  private later(task: () => Promise<void>, wait: number): void {
    if (this.isClosed) return;
    if (this.waiting.size >= MOST_WAITING) {
      this.logger.error('Too many calls under Idempotency-Keys wait to be written: one was dropped');
      return;
    }
    const timer = setTimeout(() => {
      this.waiting.delete(timer);
      void this.attempt(task, Math.min(wait * 2, AGAIN.last));
    }, wait).unref();
    this.waiting.add(timer);
  }
}
