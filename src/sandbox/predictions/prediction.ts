// One prediction as data: what it was asked, where it stands, what came of it. It neither runs nor is
// rendered here.
import { inSeconds } from '../clock.js';
import type { JsonObject } from '../json.js';

/** Where a prediction stands; the last four are final. */
export type PredictionStatus = 'starting' | 'processing' | 'succeeded' | 'failed' | 'canceled' | 'aborted';

/** A prediction. Times are epoch milliseconds. */
export interface Prediction {
  readonly id: string;
  /** Whose it is; nobody else can read it. */
  readonly account: string;
  /** `owner/name`. */
  readonly model: string;
  readonly version: string;
  /** `owner/name` of the deployment that was asked, or null. */
  readonly deployment: string | null;
  /** The machine it runs on, in Replicate's words (`gpu-l40s`); known of deployments alone. */
  readonly hardware: string | null;
  /** Whether its model gives its output item by item. */
  readonly isIterator: boolean;
  /** The last part of its stream's address, a secret. */
  readonly streamName: string;
  /** When the list begins to show it. */
  readonly listedFrom: number;
  /** As given, with its keys sorted. */
  readonly input: JsonObject;
  /** The webhook fields of the create, repeated in every answer. */
  readonly echoed: JsonObject;
  readonly createdAt: number;
  /** When it is given up, from `Cancel-After`. */
  readonly deadline: number | null;
  status: PredictionStatus;
  startedAt: number | null;
  completedAt: number | null;
  output: unknown;
  logs: string;
  error: string | null;
  /**
   * What is reported beside the two times that every prediction has. A `predict_time` here stands for the
   * measured one.
   */
  metrics: Readonly<Record<string, number>>;
  /** The items of a growing answer and when the last of them is out; set while it grows. */
  growing: Growth | null;
}

/** An answer that comes out item by item, evenly from `from` to `until`. */
export interface Growth {
  readonly items: readonly unknown[];
  readonly from: number;
  readonly until: number;
}

/** Whether nothing about the prediction will change any more. */
export function isFinal({ status }: Prediction): boolean {
  return status !== 'starting' && status !== 'processing';
}

/** What of the answer is out at a time: all of it, the first items of a growing one, or null. */
export function outputAt({ output, growing }: Prediction, now: number): unknown {
  return growing ? growing.items.slice(0, itemsOut(growing, now)) : output;
}

/** How many items of a growing answer are out at a time. */
export function itemsOut({ items, from, until }: Growth, now: number): number {
  const share = (now - from) / (until - from);
  return Math.floor(items.length * Math.min(1, Math.max(0, share)));
}

/**
 * The seconds of running that `metrics.predict_time` states and the bill charges: 0 as long as it has not
 * ended, and for one that never started.
 */
export function predictSeconds({ startedAt, completedAt, metrics }: Prediction): number {
  if (startedAt === null || completedAt === null) return 0;
  return metrics.predict_time ?? inSeconds(completedAt - startedAt);
}

/** Whether its data have been removed, `retention` milliseconds after its end. */
export function isRemoved({ completedAt }: Prediction, now: number, retention: number): boolean {
  return completedAt !== null && now - completedAt >= retention;
}
