// Predictions of one call that are made together, or none of them.
import type { Intent } from './prediction-rows.js';

type Admit = (intents: readonly Intent[]) => Promise<number>;

/** Waits until all of a call's intents are there, and has them admitted in one. */
export class AdmissionGroup {
  private readonly intents: Intent[] = [];
  private readonly outcome = Promise.withResolvers<number>();

  /** @param size how many intents there will be */
  constructor(private readonly size: number) {
    // Nobody may be waiting when it fails.
    this.outcome.promise.catch(() => undefined);
  }

  /**
   * Adds an intent.
   *
   * @param admit admits all of them; that of the last one is used
   * @returns when they were written; fails for all of them alike
   */
  add(intent: Intent, admit: Admit): Promise<number> {
    this.intents.push(intent);
    if (this.intents.length === this.size)
      admit(this.intents).then(this.outcome.resolve, this.outcome.reject);
    return this.outcome.promise;
  }

  /** One of them will not come: nor will the others be admitted, unless they have been. */
  fail(reason: unknown): void {
    if (this.intents.length < this.size) this.outcome.reject(reason);
  }
}
