// Deletes windows that nobody has counted in for long. They count for nothing by then; this only frees their space.
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { RateWindowsRepository } from './rate-windows.repository.js';

/** Between two sweeps, in milliseconds, at the least and at the most: nodes that start together sweep apart. */
const INTERVAL = { min: 2_700_000, max: 4_500_000 };

/** How long a window is left alone after it was written, in milliseconds: longer than clocks are set back. */
const IDLE_MS = 600_000;

/** Sweeps about once an hour, on every node; two that do at the same time do no harm. */
@Injectable()
export class IdleWindows implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(IdleWindows.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly windows: RateWindowsRepository) {}

  onModuleInit(): void {
    this.plan();
  }

  /** Deletes all that are idle. Never fails: what is left is found the next time. */
  async sweep(): Promise<void> {
    try {
      while (await this.windows.removeIdle(IDLE_MS));
    } catch (error) {
      this.logger.debug(`Idle windows could not be deleted: ${String(error)}`);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    await this.running;
    // One that was running has planned the next.
    clearTimeout(this.timer);
  }

  private plan(): void {
    const delay = INTERVAL.min + Math.random() * (INTERVAL.max - INTERVAL.min);
    this.timer = setTimeout(() => {
      this.running = this.sweep().then(() => this.plan());
    }, delay).unref();
  }
}
