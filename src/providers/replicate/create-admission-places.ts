// The bulkhead: how many predictions of one model a node waits for, so that a slow model holds only its own places.
import { ApiError } from '../../errors/api-error.js';

/** Told to those who find no place, in milliseconds: when one becomes free cannot be known. */
const RETRY = 2000;

/** The places of all models. */
export class ModelPlaces {
  private readonly taken = new Map<string, number>();

  /** @param perModel how many places each model has on this node */
  constructor(private readonly perModel: number) {}

  /**
   * Takes a place of the model's.
   *
   * @returns gives the place back; calls after the first do nothing
   * @throws {ApiError} `model_overloaded` when all are taken
   */
  enter(model: string): () => void {
    const taken = this.taken.get(model) ?? 0;
    if (taken >= this.perModel) throw new ApiError('model_overloaded', { retryAfterMs: RETRY });
    this.taken.set(model, taken + 1);
    let inside = true;
    return () => {
      if (inside) this.leave(model);
      inside = false;
    };
  }

  private leave(model: string): void {
    const left = (this.taken.get(model) ?? 0) - 1;
    if (left > 0) this.taken.set(model, left);
    else this.taken.delete(model);
  }
}
