// Replicate's prediction object, as far as we rely on it, read with suspicion.
import { HTTP_STATUS } from './transport.js';
import { UpstreamFault } from './upstream-fault.js';

/** Replicate's states of a prediction. */
export type PredictionStatus = 'starting' | 'processing' | 'succeeded' | 'failed' | 'canceled' | 'aborted';

/** A prediction. */
export interface Prediction {
  readonly id: string;
  readonly status: PredictionStatus;
  readonly output: unknown;
  readonly error: string | undefined;
  /** Token counts, of the models that report them. */
  readonly tokens: { readonly prompt: number; readonly completion: number } | undefined;
  /** Whether nothing more will come: a terminal state, or a held create that was answered as complete. */
  readonly finished: boolean;
}

const STATUSES: readonly string[] = ['starting', 'processing', 'succeeded', 'failed', 'canceled', 'aborted'];
const TERMINAL: readonly string[] = ['succeeded', 'failed', 'canceled', 'aborted'];

/** Replicate's ids are 26 lower-case letters and digits; ours only has to be safe in a path. */
const ID = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * Reads a prediction.
 *
 * A held create (`Prefer: wait`) that is done is answered with 201 and its whole output, while `status` may
 * still say `processing`; 202 means that it is not done. So the HTTP status decides, and output proves it.
 *
 * @throws {UpstreamFault} `unreadable` when it is no prediction
 */
export function readPrediction(value: unknown): Prediction {
  const wire = (typeof value === 'object' && value !== null ? value : {}) as Record<string | symbol, unknown>;
  const { id, status, output = null, error, metrics } = wire;
  if (typeof id !== 'string' || !ID.test(id)) throw unreadable('a prediction without an id');
  if (typeof status !== 'string' || !STATUSES.includes(status))
    throw unreadable('a prediction of unknown status', id);
  return {
    id,
    status: status as PredictionStatus,
    output,
    error: typeof error === 'string' ? error : error == null ? undefined : JSON.stringify(error),
    tokens: readTokens(metrics),
    finished: TERMINAL.includes(status) || (wire[HTTP_STATUS] === 201 && output !== null),
  };
}

/** The id at the head of an answer that is otherwise unreadable, so that what it started can be cancelled. */
export function findPredictionId(text: string): string | undefined {
  return /^\s*\{\s*"id"\s*:\s*"([A-Za-z0-9_-]{1,128})"/.exec(text)?.[1];
}

function readTokens(metrics: unknown): Prediction['tokens'] {
  const { input_token_count: prompt, output_token_count: completion } = (metrics ?? {}) as Record<
    string,
    unknown
  >;
  return isCount(prompt) && isCount(completion) ? { prompt, completion } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function unreadable(what: string, id?: string): UpstreamFault {
  return new UpstreamFault('unreadable', {
    message: `Replicate: ${what}`,
    ...(id !== undefined && { partialBody: JSON.stringify({ id }) }),
  });
}
