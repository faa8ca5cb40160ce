// Deletes pictures that have expired. They are not served any more by then; this only frees their space.
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { StoredImagesRepository } from './stored-images.repository.js';

const INTERVAL_MS = 60_000;

/** Pictures of one statement: at 10 MiB each they take a moment. */
const BATCH = 100;

/** Sweeps once a minute, on every node; two that do at the same time do no harm. */
@Injectable()
export class ExpiredImages implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('ExpiredImages');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly stored: StoredImagesRepository) {}

  onModuleInit(): void {
    this.timer = setInterval(() => {
      this.running ??= this.sweep().finally(() => {
        this.running = undefined;
      });
    }, INTERVAL_MS);
    this.timer.unref();
  }

  /** Deletes everything that has expired. Never fails: what is left is found the next time. */
  async sweep(): Promise<void> {
    try {
      while ((await this.stored.removeExpired(BATCH)) === BATCH);
    } catch (error) {
      this.logger.debug(`Expired pictures could not be deleted: ${String(error)}`);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }
}
