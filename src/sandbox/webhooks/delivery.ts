// One message to a webhook and what became of an attempt at it.
import type { WebhookEvent } from './webhook-event.js';

/** A message; all attempts at it share its id and its body. */
export interface WebhookMessage {
  readonly id: string;
  readonly event: WebhookEvent;
  readonly url: string;
  readonly predictionId: string;
  /** The prediction as a read would have shown it when the event happened. */
  readonly body: string;
}

/** An attempt to deliver a message, written down when it is over. */
export interface Delivery {
  readonly messageId: string;
  readonly event: WebhookEvent;
  readonly url: string;
  readonly predictionId: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** The status of the answer, or null without one. */
  readonly status: number | null;
  /** Why there was no answer. */
  readonly error?: string;
  /** Epoch milliseconds at which it was sent. */
  readonly time: number;
}
