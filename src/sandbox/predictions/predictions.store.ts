// Every prediction the sandbox holds, by id and newest first. Ends all of them when it is cleared.
import type { CreateOrder } from '../create-body.js';
import type { Clock } from '../clock.js';
import type { CourseFault } from '../faults/fault.js';
import type { JsonObject } from '../json.js';
import { withSortedKeys } from '../json.js';
import { fullName } from '../models/catalogue.js';
import { isFinal, type Prediction } from './prediction.js';
import { newPredictionId } from './prediction-id.js';
import { PredictionRun, type Answer } from './prediction-run.js';

/** A page of predictions, newest first, with the ids to go on from in either direction. */
export interface PredictionPage {
  readonly predictions: readonly Prediction[];
  /** The page continues after this id; absent on the last page. */
  readonly olderThan?: string;
  /** The page before ends above this id; absent on the first. */
  readonly newerThan?: string;
}

/** Where a page starts: below an id, or just above one. */
export type PageStart = { readonly olderThan: string } | { readonly newerThan: string } | undefined;

/** Creation times of a list, epoch milliseconds, both bounds included. */
export interface CreatedBetween {
  readonly after: number;
  readonly before: number;
}

const PAGE_SIZE = 100;

/** Predictions by id, in the order created. */
export class PredictionsStore {
  private readonly runs = new Map<string, PredictionRun>();
  private latestId: string | undefined;

  /** Holds at most `limit` predictions that have ended; those on their way are always held. */
  constructor(
    private readonly limit: number,
    private readonly clock: Clock,
  ) {}

  /** Starts a prediction. `cancelAfter` is in milliseconds. */
  create(
    order: CreateOrder,
    course: CourseFault,
    cancelAfter: number | undefined,
    answer: Answer,
  ): PredictionRun {
    const prediction = newPrediction(order, this.clock(), cancelAfter);
    const run = new PredictionRun(prediction, course, answer, this.clock);
    this.runs.set(prediction.id, run);
    this.latestId = prediction.id;
    this.dropOldest();
    return run;
  }

  /** The id of the newest prediction. */
  get newestId(): string | undefined {
    return this.latestId;
  }

  /** The prediction of that id, or nothing. */
  get(id: string): PredictionRun | undefined {
    return this.runs.get(id);
  }

  /** One page, newest first. */
  page(start: PageStart, between: CreatedBetween): PredictionPage {
    const all = [...this.runs.values()]
      .map((run) => run.prediction)
      .filter(({ createdAt }) => createdAt >= between.after && createdAt <= between.before)
      .reverse();
    const first = firstOfPage(all, start);
    const predictions = all.slice(first, first + PAGE_SIZE);
    const last = predictions.at(-1);
    const newest = predictions[0];
    return {
      predictions,
      ...(last && first + PAGE_SIZE < all.length && { olderThan: last.id }),
      ...(newest && first > 0 && { newerThan: newest.id }),
    };
  }

  /** Ends and forgets every prediction. */
  clear(): void {
    for (const run of this.runs.values()) run.cancel();
    this.runs.clear();
    this.latestId = undefined;
  }

  private dropOldest(): void {
    if (this.runs.size <= this.limit) return;
    for (const [id, run] of this.runs) {
      if (this.runs.size <= this.limit) return;
      if (isFinal(run.prediction)) this.runs.delete(id);
    }
  }
}

function newPrediction(order: CreateOrder, createdAt: number, cancelAfter: number | undefined): Prediction {
  return {
    id: newPredictionId(),
    model: fullName(order.target.model),
    version: order.target.version.id,
    input: withSortedKeys(order.input) as JsonObject,
    echoed: order.echoed,
    createdAt,
    deadline: cancelAfter === undefined ? null : createdAt + cancelAfter,
    status: 'starting',
    startedAt: null,
    completedAt: null,
    output: null,
    error: null,
    metrics: {},
    growing: null,
  };
}

function firstOfPage(all: readonly Prediction[], start: PageStart): number {
  if (!start) return 0;
  if ('olderThan' in start) return all.findIndex(({ id }) => id === start.olderThan) + 1;
  return Math.max(0, all.findIndex(({ id }) => id === start.newerThan) - PAGE_SIZE);
}
