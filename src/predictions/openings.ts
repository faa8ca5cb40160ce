// Intents on their way into the database: which are, and of which nobody knows whether they have arrived.
import { LRUCache } from 'lru-cache';
import { ApiError } from '../errors/api-error.js';
import { admitted } from './admission.js';
import type { AdmissionGroup } from './admission-group.js';
import type { Intent } from './prediction-rows.js';
import type { PredictionWriter } from './prediction-writer.js';

/** How many intents in doubt are remembered; a crash forgets them all, and they end as unknown. */
const REMEMBERED = 20_000;

/** Writes intents. */
export class Openings {
  private readonly underWay = new Set<string>();
  private readonly inDoubt = new LRUCache<string, true>({ max: REMEMBERED });

  constructor(private readonly writer: Pick<PredictionWriter, 'admit'>) {}

  /** The ids of intents that are being written. */
  get ids(): Iterable<string> {
    return this.underWay;
  }

  /**
   * Writes an intent where limits leave room for it, and for all others of its group.
   *
   * @returns when it was written, by `performance.now()`
   * @throws {ApiError} where limits leave no room
   * @throws when the database cannot say whether it is written: nothing is sent for it then
   */
  async write(intent: Intent, signal: AbortSignal, group: AdmissionGroup | undefined): Promise<number> {
    const admit = (intents: readonly Intent[]) => admitted(this.writer, intents, signal);
    this.underWay.add(intent.id);
    try {
      return await (group ? group.add(intent, admit) : admit([intent]));
    } catch (error) {
      if (!(error instanceof ApiError)) this.inDoubt.set(intent.id, true);
      throw error;
    } finally {
      this.underWay.delete(intent.id);
    }
  }

  /** Whether an intent that is found in the database was given up by who wrote it: nothing was sent for it. */
  wasGivenUp(id: string): boolean {
    return this.inDoubt.has(id);
  }
}
