// The bill: every accepted create and what Replicate would charge for it. Faults that refuse a create never
// get here.
import type { Prediction, PredictionStatus } from './predictions/prediction.js';
import { inMilliseconds, inSeconds } from './clock.js';

/** One accepted create. */
export interface BillEntry {
  readonly predictionId: string;
  /** `owner/name`. */
  readonly model: string;
  readonly version: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** RFC 3339 with milliseconds, as the two that follow. */
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly status: PredictionStatus;
  /** Seconds of running: 0 for one that never started, and as long as it has not ended. */
  readonly billedSeconds: number;
}

/** What has been accepted since the start or the last reset. */
export interface Bill {
  /** Accepted creates, all of them. */
  readonly creates: number;
  /** Seconds over all of them. */
  readonly billedSeconds: number;
  /** The latest accepted creates, oldest first; at most `SandboxOptions.heldPredictions`. */
  readonly entries: readonly BillEntry[];
}

/** Collects accepted creates. */
export class BillBook {
  private predictions: Prediction[] = [];
  private creates = 0;
  private secondsOfDropped = 0;

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
    this.secondsOfDropped = 0;
  }

  /** The bill as it stands now. */
  read(): Bill {
    const entries = this.predictions.map(billEntry);
    return {
      creates: this.creates,
      billedSeconds: entries.reduce((sum, entry) => sum + entry.billedSeconds, this.secondsOfDropped),
      entries: entries.slice(-this.limit),
    };
  }

  private drop(count: number): void {
    const dropped = this.predictions.splice(0, count);
    this.secondsOfDropped += dropped.reduce((sum, prediction) => sum + billedSeconds(prediction), 0);
  }
}

function billEntry(prediction: Prediction): BillEntry {
  const { startedAt, completedAt } = prediction;
  return {
    predictionId: prediction.id,
    model: prediction.model,
    version: prediction.version,
    input: prediction.input,
    createdAt: inMilliseconds(prediction.createdAt),
    startedAt: startedAt === null ? null : inMilliseconds(startedAt),
    completedAt: completedAt === null ? null : inMilliseconds(completedAt),
    status: prediction.status,
    billedSeconds: billedSeconds(prediction),
  };
}

function billedSeconds({ startedAt, completedAt }: Prediction): number {
  return startedAt === null || completedAt === null ? 0 : inSeconds(completedAt - startedAt);
}
