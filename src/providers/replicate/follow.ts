// Follows a prediction to its end by asking for it again and again: quickly at first, then slower.
import { ApiError } from '../../errors/api-error.js';
import type { Life } from './life.js';
import type { Prediction } from './prediction.wire.js';
import type { ReplicateClient } from './replicate.client.js';
import { UpstreamFault } from './upstream-fault.js';

/** Pauses between two questions, in milliseconds. Replicate allows an account 3,000 reads a minute in all. */
const FIRST_PAUSE = 250;
const LAST_PAUSE = 3000;
const GROWTH = 1.25;

/** Longest pause that a refusal may ask for, in milliseconds. */
const MAX_ASKED_PAUSE = 30_000;

/** How often in a row Replicate may say that it knows no such prediction: a record may lag behind its create. */
const MAX_UNKNOWN = 5;

/**
 * The finished prediction. Faults on the way are waited out, since the prediction runs on without us.
 *
 * @throws {ApiError} the life's ending, when that comes first, or that Replicate has lost the prediction
 * @throws {UpstreamFault} when Replicate does not know us any more
 */
export async function follow(client: ReplicateClient, started: Prediction, life: Life): Promise<Prediction> {
  let prediction = started;
  let unknown = 0;
  for (let pause = FIRST_PAUSE; !prediction.finished; pause = Math.min(LAST_PAUSE, pause * GROWTH)) {
    await life.sleep(pause);
    try {
      prediction = await client.get(prediction.id, life.signal);
      unknown = 0;
    } catch (fault) {
      if (life.ending) throw life.ending;
      if (!(fault instanceof UpstreamFault) || fault.status === 401 || fault.status === 403) throw fault;
      unknown = fault.status === 404 ? unknown + 1 : 0;
      if (unknown === MAX_UNKNOWN) throw new ApiError('upstream_invalid_response', { cause: fault });
      await life.sleep(Math.min(fault.retryAfterMs ?? 0, MAX_ASKED_PAUSE));
    }
  }
  return prediction;
}
