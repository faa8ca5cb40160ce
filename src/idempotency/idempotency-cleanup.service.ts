// Removes keys whose day is over, so that the table does not grow for ever.
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { IdempotentCallsRepository } from './idempotent-calls.repository.js';

/** Between two rounds, in milliseconds. */
const INTERVAL = 10 * 60_000;

/** Goes its round every ten minutes. Expired keys count as absent already before it comes. */
@Injectable()
export class IdempotencyCleanup implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Idempotency');
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly calls: IdempotentCallsRepository) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.round(), INTERVAL).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async round(): Promise<void> {
    try {
      const count = await this.calls.removeExpired();
      if (count > 0) this.logger.debug(`${count} expired keys were removed`);
    } catch (error) {
      this.logger.warn(`Expired keys could not be removed: ${(error as Error).message}`);
    }
  }
}
