// The events of a prediction that a webhook can be sent for, and what a create may ask about them.

/** Every event, in the order in which they happen. */
export const webhookEvents = ['start', 'output', 'logs', 'completed'] as const;

/** An event. Its name is not sent: a receiver infers it from the body. */
export type WebhookEvent = (typeof webhookEvents)[number];

/** Where a create wants which events. */
export interface WebhookOrder {
  readonly url: string;
  readonly events: readonly WebhookEvent[];
}

/** Whether a value of a filter is an event. */
export function isWebhookEvent(value: unknown): value is WebhookEvent {
  return webhookEvents.some((event) => event === value);
}
