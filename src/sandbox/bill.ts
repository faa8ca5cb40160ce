// The bill: every accepted create and what Replicate would charge for it. Faults that refuse a create never
// get here.
import { isFinal, predictSeconds, type Prediction, type PredictionStatus } from './predictions/prediction.js';
import { inMilliseconds } from './clock.js';

/** One accepted create. */
export interface BillEntry {
  readonly predictionId: string;
  /** Who is billed: `accountOf` the token that it was created with. */
  readonly account: string;
  /** `owner/name`. */
  readonly model: string;
  readonly version: string;
  /** `owner/name` of the deployment that was asked, or null. */
  readonly deployment: string | null;
  /**
   * The machine whose price it is charged at, in Replicate's words. Null without a deployment: no document says
   * what public models run on.
   */
  readonly hardware: string | null;
  readonly input: Readonly<Record<string, unknown>>;
  /** RFC 3339 with milliseconds, as the two that follow. */
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly status: PredictionStatus;
  /**
   * Seconds of running, the number in `metrics.predict_time`: 0 for one that never started, and as long as it
   * has not ended.
   */
  readonly billedSeconds: number;
}

/** What has been accepted since the start or the last reset. */
export interface Bill {
  /** Accepted creates, all of them. */
  readonly creates: number;
  /** Seconds over all of them, summed in whole microseconds. */
  readonly billedSeconds: number;
  /** The latest accepted creates, oldest first; at most `SandboxOptions.heldPredictions`. */
  readonly entries: readonly BillEntry[];
}

/** Collects accepted creates. */
export class BillBook {
  private predictions: Prediction[] = [];
  private creates = 0;
  private microsecondsOfDropped = 0;

  /** Holds at most `limit` entries; sums stay exact beyond. */
  constructor(private readonly limit: number) {}

  /** Enters an accepted create. */
  add(prediction: Prediction): void {
    this.creates += 1;
    this.predictions.push(prediction);
    if (this.predictions.length > this.limit * 2) this.drop(this.predictions.length - this.limit);
  }

  /** Starts an empty bill. */
  clear(): void {
    this.predictions = [];
    this.creates = 0;
    this.microsecondsOfDropped = 0;
  }

  /** The bill as it stands now. */
  read(): Bill {
    return {
      creates: this.creates,
      billedSeconds: (this.microsecondsOfDropped + microseconds(this.predictions)) / 1_000_000,
      entries: this.predictions.slice(-this.limit).map(billEntry),
    };
  }

  /** Lets go of the oldest, but keeps those whose seconds are not known yet. */
  private drop(count: number): void {
    const oldest = this.predictions.splice(0, count);
    this.microsecondsOfDropped += microseconds(oldest.filter(isFinal));
    this.predictions.unshift(...oldest.filter((prediction) => !isFinal(prediction)));
  }
}

function billEntry(prediction: Prediction): BillEntry {
  const { startedAt, completedAt } = prediction;
  return {
    predictionId: prediction.id,
    account: prediction.account,
    model: prediction.model,
    version: prediction.version,
    deployment: prediction.deployment,
    hardware: prediction.hardware,
    input: prediction.input,
    createdAt: inMilliseconds(prediction.createdAt),
    startedAt: startedAt === null ? null : inMilliseconds(startedAt),
    completedAt: completedAt === null ? null : inMilliseconds(completedAt),
    status: prediction.status,
    billedSeconds: predictSeconds(prediction),
  };
}

function microseconds(predictions: readonly Prediction[]): number {
  return predictions.reduce((sum, prediction) => sum + Math.round(predictSeconds(prediction) * 1_000_000), 0);
}
