// Keeps the ledger's tables from growing for ever. The rule is told in docs/ledger.md.
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { RetentionRepository } from './retention.repository.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Sums by the minute, by the hour, and alerts: how long they are kept, in milliseconds. Sums by the day stay. */
const KEPT = { minutes: 7 * DAY, hours: 400 * DAY, alerts: 90 * DAY };

/** Between two batches, in milliseconds: callers come first. */
const BREATH = 50;

/** Goes its round every hour or so, on every node; a round that meets another's ends early. */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Ledger');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopping = false;

  constructor(
    private readonly repository: RetentionRepository,
    /** How long a line of the ledger is kept, in milliseconds. */
    private readonly lineKept: number,
  ) {}

  onApplicationBootstrap(): void {
    this.plan();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** One round. Never fails: what is left is found the next time. */
  async round(): Promise<void> {
    try {
      await this.drain(() => this.repository.removeExpiredContents());
      await this.drain(() => this.repository.removeContentsOfDeleted());
      const lines = await this.drain(() => this.repository.removeLines(this.lineKept));
      await this.drain(() => this.repository.removeRollups(60, KEPT.minutes));
      await this.drain(() => this.repository.removeRollups(3600, KEPT.hours));
      await this.drain(() => this.repository.removeAlerts(KEPT.alerts));
      if (lines > 0) this.logger.log(`${lines} lines were old enough to be deleted`);
    } catch (error) {
      this.logger.warn(`what is old could not be deleted: ${(error as Error).message}`);
    }
  }

  /** Nodes that were started together go at other times. */
  private plan(): void {
    this.timer = setTimeout(
      () => {
        this.running = this.round().finally(() => {
          this.running = undefined;
          if (!this.isStopping) this.plan();
        });
      },
      HOUR * (0.5 + Math.random()),
    ).unref();
  }

  private async drain(remove: () => Promise<number>): Promise<number> {
    let total = 0;
    while (!this.isStopping) {
      const removed = await remove();
      total += removed;
      if (removed === 0) break;
      await sleep(BREATH);
    }
    return total;
  }
}
