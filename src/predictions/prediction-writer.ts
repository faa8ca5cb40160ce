// Writes what records are told, in batches, and tries again until it is written. Nobody waits for it but the
// intent: an answer is not held up by its bookkeeping.
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { isDatabaseUnavailable } from '../database/unavailable.js';
import { Batch } from '../database/batch.js';
import { nextTry } from './next-try.js';
import type { Intent, Progress, Refusal, Settlement } from './prediction-rows.js';
import type { PredictionsRepository } from './predictions.repository.js';

/** A short prediction never writes its progress: its end comes before this, in milliseconds. */
const PROGRESS_DELAY = 200;

/** When progress that could not be written is tried again, in milliseconds. */
const PROGRESS_RETRY = 2000;

/** Nobody waits for an end to be written, so ends wait for each other, in milliseconds. */
const SETTLEMENT_LINGER = 20;

/** Pauses between attempts to write an end, in milliseconds; the last one is repeated. */
const PAUSES = [100, 500, 2000, 5000];

/** Writes intents, progress and ends. */
export class PredictionWriter {
  private readonly logger = new Logger(PredictionWriter.name);
  private readonly intents: Batch<readonly Intent[], Refusal | undefined>;
  private readonly advances: Batch<Progress, undefined>;
  private readonly settlements: Batch<Settlement, boolean>;
  private readonly pending = new Map<string, { progress: Progress; timer: NodeJS.Timeout }>();
  private readonly running = new Set<Promise<unknown>>();

  constructor(repository: PredictionsRepository) {
    const splittable = (error: unknown): boolean => !isDatabaseUnavailable(error);
    this.intents = new Batch((groups) => repository.admit(groups), splittable);
    this.advances = new Batch(async (items) => {
      await repository.advance(items);
      return items.map(() => undefined);
    }, splittable);
    this.settlements = new Batch(
      async (items) => {
        const first = await repository.settle(items);
        return items.map(({ id }) => first.has(id));
      },
      splittable,
      SETTLEMENT_LINGER,
    );
  }

  /** Writes intents, unless a limit refuses them, all or none; committed when this resolves. */
  admit(intents: readonly Intent[]): Promise<Refusal | undefined> {
    return this.intents.add(intents);
  }

  /** Writes progress soon, in one with what follows soon; until then its row is in doubt, which is no harm. */
  advance(progress: Progress): void {
    const waiting = this.pending.get(progress.id);
    const timer = waiting?.timer ?? setTimeout(() => void this.flush(progress.id), PROGRESS_DELAY);
    this.pending.set(progress.id, { progress, timer });
  }

  /** Writes the progress of a prediction that still waits to be written. */
  async flush(id: string): Promise<void> {
    const waiting = this.pending.get(id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.pending.delete(id);
    await this.track(this.advances.add(waiting.progress)).catch((error: unknown) => {
      this.logger.warn(`progress of ${id} was not written: ${(error as Error).message}`);
      // An id that is not written costs a look at Replicate's list after a crash; the rest costs nothing.
      if (waiting.progress.upstreamId !== undefined && isDatabaseUnavailable(error))
        this.advanceLater(waiting.progress);
    });
  }

  private advanceLater(progress: Progress): void {
    if (this.pending.has(progress.id)) return;
    const timer = setTimeout(() => void this.flush(progress.id), PROGRESS_RETRY).unref();
    this.pending.set(progress.id, { progress, timer });
  }

  /**
   * Writes an end, in the background, until it is written; resolves then. Never rejects.
   *
   * @returns whether nobody had written one before
   */
  settle(settlement: Settlement): Promise<boolean> {
    const waiting = this.pending.get(settlement.id);
    clearTimeout(waiting?.timer);
    this.pending.delete(settlement.id);
    return this.track(this.settleForSure(settlement));
  }

  /** When everything is written that was asked for until now. */
  async settled(): Promise<void> {
    await Promise.all([...this.pending.keys()].map((id) => this.flush(id)));
    while (this.running.size > 0) await Promise.allSettled(this.running);
  }

  private async settleForSure(end: Settlement): Promise<boolean> {
    let settlement = end;
    // As many as there are open predictions at the most, so nothing grows while the database is away.
    for (let attempt = 0; ; attempt++) {
      try {
        const first = await this.settlements.add(settlement);
        if (!first) this.logger.debug(`${end.id} had ended already`);
        return first;
      } catch (error) {
        const { message } = error as Error;
        const next = nextTry(error, settlement);
        if (next.kind === 'give up') {
          // A reconciler finds its row, which nobody looks after now.
          this.logger.error(`the end of ${end.id} cannot be written at all: ${message}`);
          return false;
        }
        if (next.kind === 'again') {
          this.logger.warn(`the end of ${end.id} is not written yet: ${message}`);
          await sleep(PAUSES[Math.min(attempt, PAUSES.length - 1)], undefined, { ref: false });
        } else this.logger.error(`the end of ${end.id} cannot be written but ${next.kind}: ${message}`);
        settlement = next.settlement;
      }
    }
  }

  private track<Value>(work: Promise<Value>): Promise<Value> {
    this.running.add(work);
    const done = (): void => void this.running.delete(work);
    work.then(done, done);
    return work;
  }
}
