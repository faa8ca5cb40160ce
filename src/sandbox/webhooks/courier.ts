// Carries one prediction's messages to their receiver: signs, sends, writes down; misbehaves as scripted.
// When and how often to send is decided by the queue.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import type { WebhookFault } from '../faults/webhook-fault.js';
import type { Delivery, WebhookMessage } from './delivery.js';
import { newWebhookSecret, webhookSignature } from './signature.js';
import { isOnLoopback, type WebhookClient } from './webhook.client.js';

/** How far in the past a stale timestamp lies, in seconds: twice what receivers tolerate. */
const STALE_SECONDS = 600;

/** What carrying needs from outside. */
export interface CourierParts {
  readonly client: WebhookClient;
  readonly secret: string;
  readonly clock: Clock;
  readonly record: (delivery: Delivery) => void;
  /** Fires when the sandbox is reset or closed: nothing is sent or written down any more. */
  readonly signal: AbortSignal;
}

/** The courier of one prediction. */
export class Courier {
  constructor(
    private readonly parts: CourierParts,
    private readonly fault: WebhookFault,
  ) {}

  /** Makes one attempt. Says whether another may be made: after no answer, and after 4xx and 5xx. */
  async deliver(message: WebhookMessage, attempt: number): Promise<boolean> {
    const { delay = 0, duplicate = 0 } = this.fault;
    if (delay > 0) await sleep(delay, undefined, { signal: this.parts.signal });
    const copies = Array.from({ length: 1 + duplicate }, () => this.send(message, attempt));
    const [status] = await Promise.all(copies);
    return status == null ? isOnLoopback(message.url) : status >= 400;
  }

  private async send(message: WebhookMessage, attempt: number): Promise<number | null> {
    const { client, signal, record } = this.parts;
    const { id: messageId, event, url, predictionId } = message;
    if (signal.aborted) return null;
    const delivery = { messageId, event, url, predictionId, attempt, time: Date.now() };
    try {
      const status = await client.post(url, this.headers(message), message.body, signal);
      record({ ...delivery, status });
      return status;
    } catch (error) {
      if (!signal.aborted) record({ ...delivery, status: null, error: reason(error) });
      return null;
    }
  }

  private headers({ id, body }: WebhookMessage): Record<string, string> {
    const { staleTimestamp, badSignature, moreSignatures } = this.fault;
    const timestamp = Math.floor(this.parts.clock() / 1000) - (staleTimestamp ? STALE_SECONDS : 0);
    const wrong = () => webhookSignature(newWebhookSecret(), id, timestamp, body);
    const signature = badSignature ? wrong() : webhookSignature(this.parts.secret, id, timestamp, body);
    return {
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': moreSignatures
        ? `${wrong().replace('v1', 'v2')} ${wrong()} ${signature}`
        : signature,
    };
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
