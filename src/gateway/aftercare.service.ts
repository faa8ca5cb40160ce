// What remains to be done for a prediction when its caller has been answered or has gone: its bill is read,
// or it is ended, so that nothing runs on for nobody and everything is accounted for.
import { setTimeout as sleep } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { SettingsService } from '../config/config.module.js';
import { NodeLease } from '../database/node-lease.service.js';
import { InferenceProvider } from '../inference/inference.js';
import type { PredictionReport } from '../inference/prediction-record.js';
import type { LiveRecord } from '../predictions/live-record.js';
import { Predictions } from '../predictions/predictions.service.js';
import { AccountsOfRecords } from './accounts-of-records.js';
import { LostPredictions } from './lost-predictions.js';

/** Pauses before each question about a prediction's bill, in milliseconds; a webhook mostly brings it sooner. */
const SETTLEMENT_PAUSES = [0, 1000, 4000];
const SETTLEMENT_PAUSES_WITH_WEBHOOKS = [3000, 3000, 4000];

/** Pauses between attempts to cancel, in milliseconds; the reconciler and `Cancel-After` are the nets below. */
const CANCEL_PAUSES = [250, 1000, 4000, 15_000];

/** By this age a create has reached the provider and is in its list, in milliseconds. */
const LISTED_AFTER = 500;

/** Pauses between looks at the list for a prediction without an id, in milliseconds; the last one is repeated. */
const LOOKS = [150, 500, 1000, 2000, 5000];

/** By this age the create's own answer has come, if ever, in milliseconds. Later the reconciler looks on. */
const LONGEST_HOLD = 80_000;

/** When a prediction that was given up is to be looked at by the reconciler, in milliseconds. */
const CHECK_IN = 2000;

/** How long a shutdown waits for all this, in milliseconds. */
const SHUTDOWN_LIMIT = 5000;

/** Looks after predictions in the background. */
@Injectable()
export class Aftercare implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Aftercare.name);
  private readonly running = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly settlementPauses: readonly number[];

  constructor(
    private readonly predictions: Predictions,
    private readonly provider: InferenceProvider,
    private readonly lost: LostPredictions,
    private readonly accounts: AccountsOfRecords,
    private readonly node: NodeLease,
    settings: SettingsService,
  ) {
    const hasWebhooks = settings.get('publicUrl', { infer: true }) !== undefined;
    this.settlementPauses = hasWebhooks ? SETTLEMENT_PAUSES_WITH_WEBHOOKS : SETTLEMENT_PAUSES;
  }

  /** Reads the bill of a prediction whose answer came without it. */
  settle(record: LiveRecord): void {
    if (!record.hasEnded) this.track(record, this.readBill(record));
  }

  /**
   * Ends a prediction that nobody waits for any more, unless somebody comes for it in time.
   *
   * @param graceMs how long its caller may take to come back
   */
  end(record: LiveRecord, graceMs: number): void {
    if (!record.hasEnded) this.track(record, this.endAfter(record, graceMs));
  }

  /** Leaves a prediction to run, and to the reconciler to see how it ends. */
  leave(record: LiveRecord): void {
    if (!record.hasEnded) this.track(record, this.predictions.release(record, CHECK_IN));
  }

  /** Ends what still runs here, and lets it reach the provider and the database before both are closed. */
  async beforeApplicationShutdown(): Promise<void> {
    // Those who waited hand their predictions over in the microtasks that follow their being told to stop.
    await new Promise((resolve) => setImmediate(resolve));
    this.stopping.abort();
    await Promise.race([this.settled(), sleep(SHUTDOWN_LIMIT, undefined, { ref: false })]);
    await this.node.release();
  }

  private async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled(this.running);
    await this.predictions.settled();
  }

  private track(record: LiveRecord, work: Promise<void>): void {
    const guarded = work.catch((error: unknown) => {
      this.logger.warn(`${record.id} is left to the reconciler: ${(error as Error).message}`);
      this.predictions.forget(record);
    });
    this.running.add(guarded);
    void guarded.finally(() => this.running.delete(guarded));
  }

  private async readBill(record: LiveRecord): Promise<void> {
    // Only the gateway's own account sends webhooks.
    const pauses = record.start.ownUpstream ? SETTLEMENT_PAUSES : this.settlementPauses;
    for (const pause of pauses) {
      await Promise.race([this.pause(pause), record.ended]);
      if (record.hasEnded || record.upstreamId === undefined) return;
      const report = await this.look(record, record.upstreamId).catch(() => undefined);
      if (report) record.reported(report);
      if (record.hasEnded) return;
    }
    await this.predictions.release(record, CHECK_IN);
  }

  private async look(record: LiveRecord, id: string): Promise<PredictionReport | undefined> {
    return this.provider.look(id, await this.accounts.of(record.start));
  }

  private async endAfter(record: LiveRecord, graceMs: number): Promise<void> {
    await Promise.race([this.pause(graceMs), record.ended]);
    if (record.hasEnded || record.waiters > 0) return;
    // Others wait for it on the node that it was taken from.
    if (record.start.takenFrom) return this.predictions.release(record, CHECK_IN);
    // Whoever has come for it on another node holds another lease now; without a database nobody can have.
    if (!(await this.predictions.isOurs(record).catch(() => true))) return this.predictions.forget(record);
    const id = await this.idOf(record);
    if (record.waiters > 0) return;
    record.isEnding = true;
    if (id !== undefined) await this.cancel(record, id);
    if (!record.hasEnded) await this.predictions.release(record, CHECK_IN);
  }

  /** The provider's id, from whatever tells it first: the create's own answer, a webhook, or the list. */
  private async idOf(record: LiveRecord): Promise<string | undefined> {
    const age = record.sentAt ? Date.now() - record.sentAt.getTime() : 0;
    await Promise.race([record.bound, record.ended, sleep(Math.max(0, LISTED_AFTER - age))]);
    for (let look = 0; record.upstreamId === undefined && !record.hasEnded; look++) {
      if (record.ageMs > LONGEST_HOLD) return undefined;
      if (record.waiters > 0 || (await this.lost.find(record, 'recent').catch(() => false))) break;
      const pause = LOOKS[Math.min(look, LOOKS.length - 1)] ?? 0;
      await Promise.race([record.bound, record.ended, sleep(pause, undefined, { ref: false })]);
    }
    return record.upstreamId;
  }

  /** Cancels until it is heard. Not to be known is no answer: a record of the provider's may lag. */
  private async cancel(record: LiveRecord, id: string): Promise<void> {
    for (const pause of [...CANCEL_PAUSES, 0]) {
      if (record.hasEnded) return;
      const report = await this.cancelOnce(record, id).catch((error: unknown) => {
        this.logger.debug(`${record.id} could not be cancelled: ${(error as Error).message}`);
        return undefined;
      });
      if (report) return void record.reported(report);
      await this.pause(pause);
    }
    this.logger.warn(`${record.id} (${id}) could not be cancelled yet`);
  }

  private async cancelOnce(record: LiveRecord, id: string): Promise<PredictionReport | undefined> {
    return this.provider.cancel(id, await this.accounts.of(record.start));
  }

  /** Waits; a shutdown cuts it short. */
  private async pause(ms: number): Promise<void> {
    if (ms === 0) return;
    await sleep(ms, undefined, { ref: false, signal: this.stopping.signal }).catch(() => undefined);
  }
}
