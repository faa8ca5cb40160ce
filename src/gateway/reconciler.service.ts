// Settles or cancels what a crash, a lost connection or a node's end left behind. Every node runs one; each
// prediction goes to one of them at a time.
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import { InferenceProvider } from '../inference/inference.js';
import type { LiveRecord } from '../predictions/live-record.js';
import { Predictions } from '../predictions/predictions.service.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { AccountsOfRecords } from './accounts-of-records.js';
import { LostPredictions } from './lost-predictions.js';

/** Between two rounds, in milliseconds. */
const INTERVAL = 2000;

/** Most predictions of one round. */
const LIMIT = 50;

/** When to look again at one that runs or is not found, in milliseconds: the older it is, the later. */
const SOONEST_CHECK = 5000;
const LATEST_CHECK = 60_000;

/** How long after its deadline a prediction is certain to have ended by `Cancel-After`, in milliseconds. */
const AFTER_DEADLINE = 60_000;

/** This long after its deadline, in milliseconds, a prediction that cannot be read is given up. */
const FORGOTTEN = 2 * 3_600_000;

/** After how many rounds the overdue predictions are counted again. */
const ROUNDS_PER_COUNT = 15;

/** How long a shutdown waits for a round, in milliseconds; what it leaves, others take over. */
const SHUTDOWN_LIMIT = 1000;

/** By this age a prediction is in the provider's records, or it was and is forgotten, in milliseconds. */
const LISTED_BY = 60_000;

/** The reconciler. */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Reconciler.name);
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;
  private rounds = 0;

  constructor(
    private readonly predictions: Predictions,
    private readonly provider: InferenceProvider,
    private readonly lost: LostPredictions,
    private readonly accounts: AccountsOfRecords,
    private readonly telemetry: Telemetry,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.run(), INTERVAL).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await Promise.race([this.round, sleep(SHUTDOWN_LIMIT, undefined, { ref: false })]);
  }

  /** One round; a call during a round waits for that one. */
  run(): Promise<void> {
    this.round ??= this.reconcile()
      .catch((error: unknown) => this.logger.debug(`no round: ${(error as Error).message}`))
      .finally(() => (this.round = undefined));
    return this.round;
  }

  private async reconcile(): Promise<void> {
    const orphans = await this.predictions.adoptOrphans(LIMIT, AFTER_DEADLINE);
    await Promise.all(orphans.map((record) => this.lookAfter(record)));
    await this.countOverdue();
  }

  /** Now and then: the count reads all open rows. */
  private async countOverdue(): Promise<void> {
    if (this.rounds++ % ROUNDS_PER_COUNT > 0) return;
    this.telemetry.metrics.unsettled.set(await this.predictions.countOverdue(AFTER_DEADLINE));
  }

  private async lookAfter(record: LiveRecord): Promise<void> {
    try {
      const found = await this.lost.find(record, 'deep');
      if (found && record.upstreamId !== undefined) await this.bringToEnd(record, record.upstreamId);
      else if (await this.wasNeverAccepted(record)) record.refused('upstream_unavailable');
      else if (record.remainingMs < -AFTER_DEADLINE) record.giveUp('unknown');
    } catch (error) {
      this.logger.warn(`${record.id} is looked at again: ${(error as Error).message}`);
      // By now the provider has removed what might have told; without the tenant's token nobody can ask.
      if (record.remainingMs < -(isOutOfReach(record, error) ? AFTER_DEADLINE : FORGOTTEN))
        record.giveUp(record.upstreamId === undefined ? 'unknown' : 'expired');
    }
    const { reconciled } = this.telemetry.metrics;
    reconciled.inc({ result: record.hasEnded ? 'settled' : 'open' });
    if (record.hasEnded || record.waiters > 0) return;
    const pause = Math.min(LATEST_CHECK, Math.max(SOONEST_CHECK, record.ageMs / 4));
    await this.predictions.release(record, pause);
  }

  /** On a tenant's own account an empty list says nothing: the tenant may have changed the account. */
  private async wasNeverAccepted(record: LiveRecord): Promise<boolean> {
    return record.ageMs > LISTED_BY && !record.start.ownUpstream && (await this.lost.isAbsent(record));
  }

  private async bringToEnd(record: LiveRecord, id: string): Promise<void> {
    const account = await this.accounts.of(record.start);
    const report = await this.provider.look(id, account);
    if (report) record.reported(report);
    else if (isForgotten(record)) record.giveUp('expired');
    if (record.hasEnded || record.waiters > 0) return;
    // One whose caller will come back for its answer may run until its deadline.
    if (record.start.durable && record.remainingMs > 0) return;
    const canceled = await this.provider.cancel(id, account);
    if (canceled) record.reported(canceled);
  }
}

/**
 * Whether a prediction that the provider does not know is none any more. On a tenant's own account it says no more
 * than that the tenant may have changed the account: the prediction runs on there, until its deadline at the most.
 */
function isForgotten({ start, ageMs, remainingMs }: LiveRecord): boolean {
  return start.ownUpstream ? remainingMs < -AFTER_DEADLINE : ageMs > LISTED_BY;
}

/** Whether the tenant's own token, without which nobody can ask about a prediction, has gone. */
function isOutOfReach({ start }: LiveRecord, error: unknown): boolean {
  return start.ownUpstream && error instanceof ApiError && error.reason === 'upstream_auth';
}
