// Metrics and traces of one application, built before it and handed to all of its rooms.
import { Metrics } from './metrics.js';
import { Tracing } from './tracing.js';

/** What a node tells about itself. Without arguments: metrics that nobody reads, and no traces. */
export class Telemetry {
  constructor(
    readonly metrics = new Metrics(),
    readonly tracing = new Tracing(),
    private readonly flush: () => Promise<void> = () => Promise.resolve(),
  ) {}

  /** Sends what is not sent yet. Never rejects. */
  async stop(): Promise<void> {
    await this.flush().catch(() => undefined);
  }
}
