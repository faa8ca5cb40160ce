// Predictions as Replicate's HTTP API shows them, field by field and in its order: an answer to a create and
// an answer to a read differ.
import { inMicroseconds, inMilliseconds, inSeconds } from '../clock.js';
import type { WaitStatus } from '../faults/fault.js';
import { isFinal, isRemoved, outputAt, predictSeconds, type Prediction } from './prediction.js';

/** What the rendering needs besides the prediction. */
export interface WireContext {
  /** `http://127.0.0.1:PORT/v1`. */
  readonly baseUrl: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Milliseconds after its end at which a prediction loses its data. */
  readonly retention: number;
  /** Which predictions have `urls.stream`. */
  readonly streams: boolean | 'iterators';
}

/** Addresses of one prediction, in the order in which they are written. */
export interface PredictionUrls {
  readonly get: string;
  readonly cancel: string;
  readonly stream?: string;
  readonly web: string;
}

/**
 * The answer to a create. A success that was waited for shows `waitStatus`; under `processing` it has its
 * full output and neither metrics nor an end, which is what Replicate has been recorded to send.
 */
export function createdBody(prediction: Prediction, waitStatus: WaitStatus, context: WireContext): object {
  const disguised = prediction.status === 'succeeded' && waitStatus === 'processing';
  const { get, cancel, ...urls } = predictionUrls(prediction, context);
  return {
    id: prediction.id,
    model: prediction.model,
    version: prediction.version,
    input: prediction.input,
    logs: prediction.logs,
    output: outputAt(prediction, context.now),
    data_removed: false,
    error: prediction.error,
    status: disguised ? 'processing' : prediction.status,
    created_at: inMilliseconds(prediction.createdAt),
    ...(isFinal(prediction) && !disguised && ending(prediction)),
    ...deadline(prediction),
    ...deployment(prediction),
    ...prediction.echoed,
    urls: { cancel, get, ...urls },
  };
}

/** The answer to a read, a cancel or a list, and what a webhook brings: the present state, without its data once they are removed. */
export function readBody(prediction: Prediction, context: WireContext): object {
  const { completedAt, startedAt } = prediction;
  const removed = isRemoved(prediction, context.now, context.retention);
  return {
    id: prediction.id,
    model: prediction.model,
    version: prediction.version,
    input: removed ? {} : prediction.input,
    logs: removed || prediction.status === 'starting' ? null : prediction.logs,
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
    ...deployment(prediction),
    ...prediction.echoed,
    urls: predictionUrls(prediction, context),
  };
}

/** Where a prediction is read, canceled, streamed and looked at. */
export function predictionUrls(
  { id, streamName, isIterator }: Prediction,
  { baseUrl, streams }: WireContext,
): PredictionUrls {
  const get = `${baseUrl}/predictions/${id}`;
  const isStreamed = streams === 'iterators' ? isIterator : streams;
  return {
    get,
    cancel: `${get}/cancel`,
    ...(isStreamed && { stream: `${baseUrl}/streams/${streamName}` }),
    web: `https://replicate.com/p/${id}`,
  };
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
  const predict_time = predictSeconds(prediction);
  const total_time = inSeconds(completedAt - prediction.createdAt);
  return { predict_time, total_time, ...prediction.metrics, ...(predict_time === 0 && { predict_time }) };
}

function deployment(prediction: Prediction): object {
  return prediction.deployment === null ? {} : { deployment: prediction.deployment };
}

function deadline(prediction: Prediction): object {
  return prediction.deadline === null ? {} : { deadline: inMilliseconds(prediction.deadline) };
}
