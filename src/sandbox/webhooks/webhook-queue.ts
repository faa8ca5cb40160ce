// The order of one prediction's messages: one after the other, the last of them tried again until it is taken.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Courier } from './courier.js';
import type { WebhookMessage } from './delivery.js';

/** How a queue deviates from the order of events, and how it goes on after a failure. */
export interface QueueRules {
  /** `completed` goes first, then the others, the latest first. */
  readonly reorder: boolean;
  /** Milliseconds before each further attempt at `completed`. */
  readonly retryDelays: readonly number[];
  readonly signal: AbortSignal;
}

/** The messages of one prediction on their way. */
export class WebhookQueue {
  private tail: Promise<void> = Promise.resolve();
  private held: WebhookMessage[] = [];

  constructor(
    private readonly courier: Courier,
    private readonly rules: QueueRules,
  ) {}

  /** Sends a message when those before it have been tried. */
  add(message: WebhookMessage): void {
    if (this.rules.reorder && message.event !== 'completed') this.held.push(message);
    else this.enqueue(message);
  }

  /** Lets go of what was held back. Resolves when every message has been tried once. */
  finish(): Promise<void> {
    for (const message of this.held.splice(0).reverse()) this.enqueue(message);
    return this.tail;
  }

  private enqueue(message: WebhookMessage): void {
    // Only a reset or the end of the sandbox interrupts a delivery.
    this.tail = this.tail.then(() => this.first(message)).catch(() => undefined);
  }

  private async first(message: WebhookMessage): Promise<void> {
    const mayRetry = await this.courier.deliver(message, 1);
    if (mayRetry && message.event === 'completed') void this.retry(message).catch(() => undefined);
  }

  private async retry(message: WebhookMessage): Promise<void> {
    const { retryDelays, signal } = this.rules;
    for (const [index, delay] of retryDelays.entries()) {
      await sleep(delay, undefined, { signal });
      if (!(await this.courier.deliver(message, index + 2))) return;
    }
  }
}
