// Finds the predictions whose ids never reached us, in the provider's list.
import { Injectable, Logger } from '@nestjs/common';
import { InferenceProvider, type ListedPrediction } from '../inference/inference.js';
import type { LiveRecord } from '../predictions/live-record.js';
import { Predictions } from '../predictions/predictions.service.js';

/** What was looked for so long, in milliseconds, and was not in the list, is not what appears there now. */
const NEVER_LISTED = 30_000;

/** Looks for lost predictions. Looks at the same time share one read of the list. */
@Injectable()
export class LostPredictions {
  private readonly logger = new Logger(LostPredictions.name);
  private listing: Promise<readonly ListedPrediction[]> | undefined;

  constructor(
    private readonly predictions: Predictions,
    private readonly provider: InferenceProvider,
  ) {}

  /**
   * Looks once, and binds the record to its prediction where the list tells it beyond doubt: by our webhook's
   * address, or by the very same input, when as many listed predictions as records of ours are without an
   * owner and nobody who may still learn an id by himself is among them.
   *
   * @returns whether the record is bound now
   */
  async find(record: LiveRecord): Promise<boolean> {
    if (record.upstreamId !== undefined) return true;
    const listed = await this.list();
    const named = listed.find(({ recordId }) => recordId === record.id);
    const found = named ?? (await this.findByInput(record, listed));
    if (found) record.reported(found.report);
    return record.upstreamId !== undefined;
  }

  private async findByInput(
    record: LiveRecord,
    listed: readonly ListedPrediction[],
  ): Promise<ListedPrediction | undefined> {
    const digest = record.start.inputDigest;
    const same = listed.filter(
      ({ inputDigest, recordId }) => recordId === undefined && inputDigest.equals(digest),
    );
    if (same.length === 0) return undefined;
    const { repository } = this.predictions;
    // In this order: an id that is bound between the two is then seen as still missing, which is only a doubt.
    const unbound = await repository.findUnbound(record.start.upstream, digest);
    const bound = await repository.boundAmong(same.map(({ report }) => report.upstreamId));
    const free = same.filter(({ report }) => !bound.has(report.upstreamId));
    const others = unbound.filter(
      ({ id, held, ageMs }) => id !== record.id && (held || ageMs < NEVER_LISTED),
    );
    if (others.length === 0) return free.length === 1 ? free[0] : undefined;
    if (others.some(({ held }) => held) || free.length !== unbound.length) return undefined;
    // All are orphans with the same input: which is which makes no difference, as long as each gets one.
    return free[free.length - 1 - unbound.findIndex(({ id }) => id === record.id)];
  }

  private list(): Promise<readonly ListedPrediction[]> {
    this.listing ??= this.provider
      .list()
      .catch((error: unknown) => {
        this.logger.debug(`the provider's list could not be read: ${(error as Error).message}`);
        return [];
      })
      .finally(() => (this.listing = undefined));
    return this.listing;
  }
}
