// Every webhook of the sandbox: which predictions have one, what was delivered, and the end of it all.
import type { Clock } from '../clock.js';
import type { WebhookFault } from '../faults/webhook-fault.js';
import type { PredictionRun } from '../predictions/prediction-run.js';
import { Recent } from '../recent.js';
import { Courier } from './courier.js';
import type { Delivery } from './delivery.js';
import { followEvents } from './run-events.js';
import { newMessageId } from './signature.js';
import { WebhookClient } from './webhook.client.js';
import type { WebhookOrder } from './webhook-event.js';
import { WebhookQueue } from './webhook-queue.js';

/** What the sandbox's settings say about webhooks. */
export interface WebhookSettings {
  readonly webhookSecret: string;
  readonly webhookRetryDelays: readonly number[];
  readonly webhookInterval: number;
  readonly heldPredictions: number;
  readonly clock: Clock;
}

/** Sends webhooks until it is closed. */
export class Webhooks {
  private readonly delivered: Recent<Delivery>;
  private readonly client = new WebhookClient();
  private stop = new AbortController();

  constructor(private readonly settings: WebhookSettings) {
    this.delivered = new Recent(settings.heldPredictions);
  }

  /** The attempts until now, in the order in which they ended. */
  get deliveries(): readonly Delivery[] {
    return this.delivered.items;
  }

  /**
   * Sends what is ordered for a prediction that has not started; `body` renders it at each event. Resolves
   * when it has ended and every message has been tried once.
   */
  follow(run: PredictionRun, order: WebhookOrder, fault: WebhookFault, body: () => string): Promise<void> {
    if (fault.drop) return Promise.resolve();
    const { signal } = this.stop;
    const queue = this.queue(fault, signal);
    const { webhookInterval, clock } = this.settings;
    return new Promise((resolve) => {
      followEvents(run, webhookInterval, clock, (event) => {
        if (order.events.includes(event) && !signal.aborted) {
          const { id: predictionId } = run.prediction;
          queue.add({ id: newMessageId(), event, url: order.url, predictionId, body: body() });
        }
        if (event === 'completed') resolve(queue.finish());
      });
    });
  }

  /** Gives up everything on its way. */
  giveUp(): void {
    this.stop.abort();
    this.stop = new AbortController();
  }

  /** Forgets what was delivered. */
  clear(): void {
    this.delivered.clear();
  }

  /** Gives up everything on its way and ends every connection, for good. */
  async close(): Promise<void> {
    this.stop.abort();
    await this.client.close();
  }

  private queue(fault: WebhookFault, signal: AbortSignal): WebhookQueue {
    const { webhookSecret: secret, webhookRetryDelays: retryDelays, clock } = this.settings;
    const record = (delivery: Delivery) => {
      this.delivered.add(delivery);
    };
    const courier = new Courier({ client: this.client, secret, clock, record, signal }, fault);
    return new WebhookQueue(courier, { reorder: fault.reorder ?? false, retryDelays, signal });
  }
}
