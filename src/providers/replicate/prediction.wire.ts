// Replicate's prediction object, as far as we rely on it, read with suspicion.
import type { PredictionReport, UpstreamState } from '../../inference/prediction-record.js';
import { countTokens } from '../../tokenizer/llama-tokenizer.js';
import { textsIn } from './echoes.js';
import { redacted } from './redacted.js';
import { HTTP_STATUS } from './transport.js';
import { UpstreamFault } from './upstream-fault.js';

/** A prediction. */
export interface Prediction {
  readonly id: string;
  readonly status: UpstreamState;
  readonly output: unknown;
  readonly error: string | undefined;
  /** The same, fit for the log: made only where it is asked for, since it takes a look through the whole input. */
  readonly loggedError: () => string | undefined;
  /** Token counts, of the models that report them. */
  readonly tokens: { readonly prompt: number; readonly completion: number } | undefined;
  /** By Replicate's clock, as the two that follow; absent where it does not tell. */
  readonly createdAt: Date | undefined;
  readonly startedAt: Date | undefined;
  readonly completedAt: Date | undefined;
  /** Time that is billed (`metrics.predict_time`), in microseconds. */
  readonly runTimeUs: number | undefined;
  /** Where its events are streamed. The address alone is the permission to read them. */
  readonly streamUrl: string | undefined;
  /** Whether Replicate has removed what went in and came out, an hour after the end. */
  readonly dataRemoved: boolean;
  /** Whether its state is an end, and not only its output whole. */
  readonly terminal: boolean;
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
  const { id, status, output = null, error, metrics, urls } = wire;
  const { stream } = (urls ?? {}) as { stream?: unknown };
  if (typeof id !== 'string' || !ID.test(id)) throw unreadable('a prediction without an id');
  if (typeof status !== 'string' || !STATUSES.includes(status))
    throw unreadable('a prediction of unknown status', id);
  const words = typeof error === 'string' ? error : error == null ? undefined : JSON.stringify(error);
  return {
    id,
    status: status as UpstreamState,
    output,
    error: words,
    // What a prediction is read with has its input beside it.
    loggedError: () => words && redacted(words, textsIn(wire.input)),
    tokens: readTokens(metrics),
    createdAt: readTime(wire.created_at),
    startedAt: readTime(wire.started_at),
    completedAt: readTime(wire.completed_at),
    runTimeUs: readRunTime(metrics),
    streamUrl: typeof stream === 'string' ? stream : undefined,
    dataRemoved: wire.data_removed === true,
    terminal: TERMINAL.includes(status),
    finished: TERMINAL.includes(status) || (wire[HTTP_STATUS] === 201 && output !== null),
  };
}

/** What a prediction says, in our own words. */
export function toReport(prediction: Prediction): PredictionReport {
  const { id, status, startedAt, completedAt, runTimeUs, tokens } = prediction;
  const counted = status === 'succeeded' && !tokens ? countOutput(prediction.output) : undefined;
  return {
    upstreamId: id,
    state: status,
    ...(startedAt && { startedAt }),
    ...(completedAt && { completedAt }),
    ...(runTimeUs !== undefined && { runTimeUs }),
    ...(tokens && { tokens }),
    ...(counted !== undefined && { countedCompletion: counted }),
  };
}

/** Tokens of an output that is a text, or a text in pieces. */
function countOutput(output: unknown): number | undefined {
  if (typeof output === 'string') return countTokens(output);
  const isText = Array.isArray(output) && output.every((piece) => typeof piece === 'string');
  return isText ? countTokens(output.join('')) : undefined;
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

/** The moments that are believed, in epoch milliseconds: the years 1970 to 9999. */
const FIRST_MOMENT = 0;
const LAST_MOMENT = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

function readTime(value: unknown): Date | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : NaN;
  return time >= FIRST_MOMENT && time <= LAST_MOMENT ? new Date(time) : undefined;
}

/** Longest run that is believed, in seconds: Replicate ends predictions after 30 minutes. */
const MAX_RUN = 7 * 86_400;

function readRunTime(metrics: unknown): number | undefined {
  const { predict_time: seconds } = (metrics ?? {}) as Record<string, unknown>;
  const believable = typeof seconds === 'number' && seconds >= 0 && seconds <= MAX_RUN;
  return believable ? Math.round(seconds * 1_000_000) : undefined;
}

/** The largest count that is believed: what a column of PostgreSQL's `integer` holds. */
const MAX_COUNT = 2 ** 31 - 1;

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_COUNT;
}

function unreadable(what: string, id?: string): UpstreamFault {
  return new UpstreamFault('unreadable', {
    message: `Replicate: ${what}`,
    ...(id !== undefined && { partialBody: JSON.stringify({ id }) }),
  });
}
