// What predictions tell the node's metrics.
import { ApiError } from '../errors/api-error.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { RecordStart } from './live-record.js';
import type { Settlement } from './prediction-rows.js';

/** Nano-dollars in a dollar. */
const NANOS = 1e9;

/** Counts predictions. */
export class PredictionMetrics {
  /** @param inFlight how many predictions this node looks after */
  constructor(
    private readonly metrics: Metrics,
    inFlight: () => number,
  ) {
    metrics.watch('predictions_in_flight', 'Predictions that this node looks after.', inFlight);
  }

  /** Measures an admission, and notes what it was refused with. */
  async admission<Value>(admit: () => Promise<Value>): Promise<Value> {
    const { admissions, admissionDuration } = this.metrics;
    const startedAt = performance.now();
    try {
      const value = await admit();
      admissions.inc({ decision: 'admitted' });
      return value;
    } catch (error) {
      admissions.inc({ decision: error instanceof ApiError ? error.reason : 'error' });
      throw error;
    } finally {
      admissionDuration.observe((performance.now() - startedAt) / 1000);
    }
  }

  /** Counts an end, which is written for the first time. */
  settled({ model: name }: RecordStart, { outcome, bill, sentAt, error }: Settlement): void {
    const { predictions, cost, modelWait } = this.metrics;
    const model = this.metrics.modelLabel(name);
    const { state, startedAt, runTimeUs } = outcome;
    const wasSent = sentAt !== undefined || error === undefined;
    predictions.inc({ model, outcome: wasSent ? state : 'not_sent' });
    if (bill.costNanos !== undefined) cost.inc({ model }, Number(bill.costNanos) / NANOS);
    if (runTimeUs !== undefined) modelWait.observe({ model, phase: 'run' }, runTimeUs / 1e6);
    if (sentAt && startedAt) {
      const bootMs = Math.max(0, startedAt.getTime() - sentAt.getTime());
      modelWait.observe({ model, phase: 'boot' }, bootMs / 1000);
    }
  }
}
