// Every prediction the sandbox holds, by id and newest first. Ends all of them when it is cleared.
import type { CreateOrder } from '../create-body.js';
import type { Clock } from '../clock.js';
import type { AcceptedFault } from '../faults/fault.js';
import type { JsonObject } from '../json.js';
import { withSortedKeys } from '../json.js';
import { fullName } from '../models/catalogue.js';
import { isFinal, type Prediction } from './prediction.js';
import { newPredictionId, newStreamName } from './prediction-id.js';
import { PredictionRun, type Work } from './prediction-run.js';

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

/** An order that was accepted, and whose it is. */
export interface AccountOrder extends CreateOrder {
  readonly account: string;
}

const PAGE_SIZE = 100;

/** Predictions by id, in the order created. */
export class PredictionsStore {
  private readonly runs = new Map<string, PredictionRun>();
  private readonly streams = new Map<string, PredictionRun>();
  private latest: PredictionRun | undefined;

  /** Holds at most `limit` predictions that have ended; those on their way are always held. */
  constructor(
    private readonly limit: number,
    private readonly clock: Clock,
  ) {}

  /** Starts a prediction. `cancelAfter` is in milliseconds. */
  create(
    order: AccountOrder,
    course: AcceptedFault,
    cancelAfter: number | undefined,
    work: Work,
  ): PredictionRun {
    const createdAt = this.clock();
    const prediction = newPrediction(order, createdAt, cancelAfter, course.unlisted ?? 0);
    const run = new PredictionRun(prediction, course, work, this.clock);
    this.runs.set(prediction.id, run);
    this.streams.set(prediction.streamName, run);
    this.latest = run;
    this.dropOldest();
    return run;
  }

  /** The newest prediction. */
  get newest(): PredictionRun | undefined {
    return this.latest;
  }

  /** The account's prediction of that id, or nothing. */
  get(id: string, account: string): PredictionRun | undefined {
    const run = this.runs.get(id);
    return run?.prediction.account === account ? run : undefined;
  }

  /** The prediction whose stream has that name, or nothing. */
  ofStream(name: string): PredictionRun | undefined {
    return this.streams.get(name);
  }

  /** One page of an account's, newest first. */
  page(account: string, start: PageStart, between: CreatedBetween): PredictionPage {
    const now = this.clock();
    const all = [...this.runs.values()]
      .map((run) => run.prediction)
      .filter((prediction) => prediction.account === account && prediction.listedFrom <= now)
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
    this.streams.clear();
    this.latest = undefined;
  }

  private dropOldest(): void {
    if (this.runs.size <= this.limit) return;
    for (const [id, { prediction }] of this.runs) {
      if (this.runs.size <= this.limit) return;
      if (!isFinal(prediction)) continue;
      this.runs.delete(id);
      this.streams.delete(prediction.streamName);
    }
  }
}

function newPrediction(
  order: AccountOrder,
  createdAt: number,
  cancelAfter: number | undefined,
  unlisted: number,
): Prediction {
  const { model, version } = order.target;
  return {
    id: newPredictionId(),
    account: order.account,
    model: fullName(model),
    version: version.id,
    deployment: order.deployment ? fullName(order.deployment) : null,
    hardware: order.deployment?.hardware ?? null,
    isIterator: version.output['x-cog-array-type'] === 'iterator',
    streamName: newStreamName(),
    listedFrom: createdAt + unlisted,
    input: withSortedKeys(order.input) as JsonObject,
    echoed: order.echoed,
    createdAt,
    deadline: cancelAfter === undefined ? null : createdAt + cancelAfter,
    status: 'starting',
    startedAt: null,
    completedAt: null,
    output: null,
    logs: '',
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
