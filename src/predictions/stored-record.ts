// Takes a record up again from its row.
import { LiveRecord, type RecordKeeper, type RecordStart } from './live-record.js';
import type { StoredPrediction } from './prediction-rows.js';

/** The record of a stored prediction, under the care of whoever holds it now. */
export function toRecord(
  stored: StoredPrediction,
  held: Pick<RecordStart, 'lease' | 'takenFrom'>,
  keeper: RecordKeeper,
): LiveRecord {
  const { id, tenantId, state, model, upstream, inputDigest, durable, ownUpstream } = stored;
  return new LiveRecord(
    {
      ...held,
      id,
      tenantId,
      state,
      model,
      upstream,
      inputDigest,
      durable,
      ownUpstream,
      upstreamId: stored.upstreamId ?? undefined,
      price: stored.price ?? undefined,
      openedAt: performance.now() - stored.ageMs,
      deadline: performance.now() + stored.remainingMs,
    },
    keeper,
  );
}
