// Keeps the texts of answered predictions for tenants that ask for it, behind their callers' backs: no answer waits for
// this or fails with it.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Batch } from '../database/batch.js';
import { isDatabaseUnavailable } from '../database/unavailable.js';
import type { Call } from '../inference/call.js';
import { type RetainedContent, type RetainedRow, sizeOf, toRow } from './retained-content.js';
import { RetainedContentsRepository } from './retained-contents.repository.js';

/** Nobody waits for it, so texts wait for each other, in milliseconds. */
const LINGER = 50;

/** Pauses before further attempts while the database is away, in milliseconds; after the last one it is given up. */
const PAUSES = [500, 2000, 5000, 15_000, 30_000];

/** Most texts that wait to be written, in UTF-16 units: what comes beyond is not kept, before memory runs out. */
const MOST_WAITING = 16 * 1024 * 1024;

/** How long a shutdown waits for what is not written yet, in milliseconds. */
const SHUTDOWN_LIMIT = 5000;

/** Keeps contents. */
@Injectable()
export class ContentKeeper implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Retention');
  private readonly batch: Batch<RetainedRow, undefined>;
  private readonly running = new Set<Promise<void>>();
  private waiting = 0;

  constructor(repository: RetainedContentsRepository) {
    this.batch = new Batch(
      async (rows) => {
        await repository.add(rows);
        return rows.map(() => undefined);
      },
      (error) => !isDatabaseUnavailable(error),
      LINGER,
    );
  }

  /** Keeps the texts of a prediction in the background, where the call's tenant asks for it; once, however often told. */
  keep(
    { tenantId, retainContentDays: days }: Pick<Call, 'tenantId' | 'retainContentDays'>,
    content: Omit<RetainedContent, 'tenantId' | 'days'>,
  ): void {
    if (days === undefined) return;
    const whole = { ...content, tenantId, days };
    const size = sizeOf(whole);
    if (this.waiting + size > MOST_WAITING) {
      this.logger.error(`the texts of ${content.predictionId} are not kept: too many wait to be written`);
      return;
    }
    this.waiting += size;
    const written = this.write(whole).finally(() => {
      this.waiting -= size;
      this.running.delete(written);
    });
    this.running.add(written);
  }

  /** When everything is written, or given up, that was told until now. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  /** Lets what was answered last reach the database before that is closed. */
  async beforeApplicationShutdown(): Promise<void> {
    await nextTurn();
    await Promise.race([this.settled(), sleep(SHUTDOWN_LIMIT, undefined, { ref: false })]);
  }

  private async write(content: RetainedContent): Promise<void> {
    // The answer goes out first.
    await nextTurn();
    const row = toRow(content);
    for (let attempt = 0; ; attempt++) {
      try {
        await this.batch.add(row);
        return;
      } catch (error) {
        const pause = PAUSES[attempt];
        if (pause === undefined || !isDatabaseUnavailable(error)) {
          // Prisma's message is about the statement; its values, the texts, are not in it.
          this.logger.error(`the texts of ${row.predictionId} are not kept: ${(error as Error).message}`);
          return;
        }
        await sleep(pause, undefined, { ref: false });
      }
    }
  }
}
