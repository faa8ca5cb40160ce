// Turns the life of a prediction into the events that webhooks are sent for, none too often.
import type { Clock } from '../clock.js';
import { outputAt } from '../predictions/prediction.js';
import type { PredictionRun } from '../predictions/prediction-run.js';
import type { WebhookEvent } from './webhook-event.js';

/**
 * Tells of a prediction's events as they happen. `output` comes at most once in `interval` milliseconds and
 * only when there is more of it than before; what grew since the last one comes with `completed`.
 */
export function followEvents(
  run: PredictionRun,
  interval: number,
  clock: Clock,
  tell: (event: WebhookEvent) => void,
): void {
  const growth = new GrowthWatch(run, interval, clock, tell);
  const stop = run.watch((change) => {
    switch (change) {
      case 'started':
        tell('start');
        if (run.prediction.logs !== '') tell('logs');
        return;
      case 'growing':
        growth.start();
        return;
      case 'output':
        if (!growth.hasStarted) tell('output');
        return;
      case 'ended':
        growth.stop();
        stop();
        tell('completed');
    }
  });
}

/** Looks at a growing list from time to time. */
class GrowthWatch {
  private timer: NodeJS.Timeout | undefined;
  private told = 0;

  constructor(
    private readonly run: PredictionRun,
    private readonly interval: number,
    private readonly clock: Clock,
    private readonly tell: (event: WebhookEvent) => void,
  ) {}

  get hasStarted(): boolean {
    return this.timer !== undefined;
  }

  start(): void {
    this.timer = setInterval(() => {
      const items = outputAt(this.run.prediction, this.clock());
      const count = Array.isArray(items) ? items.length : 0;
      if (count > this.told) this.tell('output');
      this.told = count;
    }, this.interval);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
