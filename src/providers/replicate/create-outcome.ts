// What becomes of a create, on whatever way it is learnt: its answer, its failure, or a webhook.
import { ApiError } from '../../errors/api-error.js';
import type { PredictionRecord } from '../../inference/prediction-record.js';
import { faultToApiError } from './failure.js';
import type { Life } from './life.js';
import { findPredictionId, type Prediction, toReport } from './prediction.wire.js';
import { UpstreamFault } from './upstream-fault.js';

/** How long a held line may stay silent after a webhook has told the end, in milliseconds. */
const LATE_LINE = 1000;

/** Replicate gave this prediction the id of another: nobody may see whose answer that is. */
export function heard(prediction: Prediction, record: PredictionRecord): Prediction {
  if (record.reported(toReport(prediction))) return prediction;
  throw new UpstreamFault('unreadable', { message: `Replicate: the id ${prediction.id} is another's` });
}

/** What a failed create says about the prediction: never accepted, accepted under this id, or nothing at all. */
export function noteFailure(error: unknown, record: PredictionRecord, life: Life): void {
  if (error instanceof ApiError) return record.refused(error.reason);
  if (!(error instanceof UpstreamFault)) return;
  const { kind, status = 0, partialBody, problem, provablyNotAccepted } = error;
  const id = partialBody === undefined ? undefined : findPredictionId(partialBody);
  if (id !== undefined) return void record.reported({ upstreamId: id, state: 'starting' });
  if (kind === 'aborted') return record.refused(life.ending?.reason ?? 'client_closed_request');
  // A proxy's no says nothing about what it had passed on.
  const saidNo =
    kind === 'refused' && problem !== undefined && status >= 400 && status < 500 && status !== 408;
  if (provablyNotAccepted || saidNo) record.refused(faultToApiError(error, () => undefined).reason);
}

/** A prediction whose end came by webhook while its line is held: the line may be dead. */
export function toldToEnd(record: PredictionRecord): { prediction: Promise<Prediction>; stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<Prediction>();
  let timer: NodeJS.Timeout | undefined;
  const stopListening = record.onNews(() => {
    const { hasEnded, upstreamId } = record;
    if (hasEnded && upstreamId !== undefined)
      timer ??= setTimeout(() => resolve(unseen(upstreamId)), LATE_LINE);
  });
  const stop = (): void => {
    clearTimeout(timer);
    stopListening();
  };
  return { prediction: promise, stop };
}

/** Stands for a prediction of which nothing is known but its id. */
export function unseen(id: string): Prediction {
  return {
    id,
    status: 'starting',
    output: null,
    error: undefined,
    loggedError: () => undefined,
    tokens: undefined,
    createdAt: undefined,
    startedAt: undefined,
    completedAt: undefined,
    runTimeUs: undefined,
    streamUrl: undefined,
    dataRemoved: false,
    terminal: false,
    finished: false,
  };
}
