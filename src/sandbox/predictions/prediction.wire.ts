// Predictions as Replicate's HTTP API shows them, field by field and in its order: an answer to a create and
// an answer to a read differ.
import { inMicroseconds, inMilliseconds, inSeconds } from '../clock.js';
import type { WaitStatus } from '../faults/fault.js';
import { isFinal, outputAt, type Prediction } from './prediction.js';

/** What the rendering needs besides the prediction. */
export interface WireContext {
  /** `http://127.0.0.1:PORT/v1`. */
  readonly baseUrl: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Milliseconds after its end at which a prediction loses its data. */
  readonly retention: number;
}

/**
 * The answer to a create. A success that was waited for shows `waitStatus`; under `processing` it has its
 * full output and neither metrics nor an end, which is what Replicate has been recorded to send.
 */
export function createdBody(prediction: Prediction, waitStatus: WaitStatus, context: WireContext): object {
  const disguised = prediction.status === 'succeeded' && waitStatus === 'processing';
  const urls = predictionUrls(prediction.id, context.baseUrl);
  return {
    id: prediction.id,
    model: prediction.model,
    version: prediction.version,
    input: prediction.input,
    logs: '',
    output: outputAt(prediction, context.now),
    data_removed: false,
    error: prediction.error,
    status: disguised ? 'processing' : prediction.status,
    created_at: inMilliseconds(prediction.createdAt),
    ...(isFinal(prediction) && !disguised && ending(prediction)),
    ...deadline(prediction),
    ...prediction.echoed,
    urls: { cancel: urls.cancel, get: urls.get, web: urls.web },
  };
}

/** The answer to a read, a cancel or a list: the present state, without its data once they are removed. */
export function readBody(prediction: Prediction, context: WireContext): object {
  const { completedAt, startedAt } = prediction;
  const removed = completedAt !== null && context.now - completedAt >= context.retention;
  return {
    id: prediction.id,
    model: prediction.model,
    version: prediction.version,
    input: removed ? {} : prediction.input,
    logs: removed || prediction.status === 'starting' ? null : '',
    output: removed ? null : outputAt(prediction, context.now),
    error: prediction.error,
    status: prediction.status,
    source: 'api',
    data_removed: removed,
    created_at: inMicroseconds(Math.floor(prediction.createdAt)),
    started_at: startedAt === null ? null : inMicroseconds(startedAt),
    completed_at: completedAt === null ? null : inMicroseconds(completedAt),
    ...(completedAt !== null && { metrics: metrics(prediction, completedAt) }),
    ...deadline(prediction),
    ...prediction.echoed,
    urls: predictionUrls(prediction.id, context.baseUrl),
  };
}

/** Where a prediction is read, canceled and looked at. */
export function predictionUrls(id: string, baseUrl: string): { get: string; cancel: string; web: string } {
  const get = `${baseUrl}/predictions/${id}`;
  return { get, cancel: `${get}/cancel`, web: `https://replicate.com/p/${id}` };
}

function ending(prediction: Prediction): object {
  const { startedAt, completedAt } = prediction;
  if (completedAt === null) return {};
  return {
    started_at: startedAt === null ? null : inMicroseconds(startedAt),
    completed_at: inMicroseconds(completedAt),
    metrics: metrics(prediction, completedAt),
  };
}

function metrics(prediction: Prediction, completedAt: number): object {
  const { startedAt, createdAt } = prediction;
  return {
    predict_time: startedAt === null ? 0 : inSeconds(completedAt - startedAt),
    total_time: inSeconds(completedAt - createdAt),
    ...prediction.metrics,
  };
}

function deadline(prediction: Prediction): object {
  return prediction.deadline === null ? {} : { deadline: inMilliseconds(prediction.deadline) };
}
