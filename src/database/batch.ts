// Gathers what many requests want to write into few statements: what comes while one runs waits for the next.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { isRetryable } from './retryable.js';

/** Most items of one statement. */
const LARGEST = 500;

/** How often a statement is tried that PostgreSQL gives up for the sake of another. */
const ATTEMPTS = 3;

/** The longest pause before such a statement is tried again, in milliseconds: whom it met has its own. */
const PAUSE = 10;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Writes items in batches, one batch at a time. A statement that meets a deadlock is tried again. */
export class Batch<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private flushing = false;

  /**
   * @param write writes all items and gives a result for each, in their order
   * @param isSplittable whether after this error each item is to be tried alone, since one bad item fails all
   * @param lingerMs how long to wait for company before writing; 0: only for the rest of this turn of the event loop
   */
  constructor(
    private readonly write: (items: readonly Item[]) => Promise<readonly Result[]>,
    private readonly isSplittable: (error: unknown) => boolean,
    private readonly lingerMs = 0,
  ) {}

  /** Writes an item with the next batch. */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (!this.flushing) void this.flush();
    });
  }

  private async flush(): Promise<void> {
    this.flushing = true;
    while (this.waiting.length > 0) {
      // Those who come meanwhile go along.
      await (this.lingerMs > 0 ? sleep(this.lingerMs) : nextTurn());
      await this.writeAll(this.waiting.splice(0, LARGEST));
    }
    this.flushing = false;
  }

  private async writeAll(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.attempt(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      if (batch.length === 1 || !this.isSplittable(error)) for (const { reject } of batch) reject(error);
      else for (const waiting of batch) await this.writeAll([waiting]);
    }
  }

  private async attempt(items: readonly Item[]): Promise<readonly Result[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.write(items);
      } catch (error) {
        if (attempt === ATTEMPTS || !isRetryable(error)) throw error;
        await sleep(Math.random() * PAUSE);
      }
    }
  }
}
