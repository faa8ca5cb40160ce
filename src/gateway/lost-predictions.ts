// Finds the predictions whose ids never reached us, in the provider's list.
import { Injectable } from '@nestjs/common';
import { InferenceProvider, type ListedPrediction } from '../inference/inference.js';
import type { UpstreamAccount } from '../inference/upstream-account.js';
import type { LiveRecord } from '../predictions/live-record.js';
import { Predictions } from '../predictions/predictions.service.js';
import { AccountsOfRecords } from './accounts-of-records.js';

/** How far back a search goes: to what was made in the last seconds, or to what a crash has left. */
export type SearchDepth = 'recent' | 'deep';

/** Pages of a hundred predictions each: at Replicate's full rate of 600 a minute, 20 s and three minutes. */
const DEPTHS = { recent: 2, deep: 18 } as const;

/** Predictions of a page. A list that is shorter is whole. */
const PAGE = 100;

/** How far the provider's clock may be from ours, in milliseconds. */
const CLOCKS = 15 * 60_000;

/** What was looked for so long, in milliseconds, and was not in the list, is not what appears there now. */
const NEVER_LISTED = 30_000;

/** Looks for lost predictions. Looks at the same time share one read of an account's list. */
@Injectable()
export class LostPredictions {
  private readonly listings = new Map<string, Promise<readonly ListedPrediction[]>>();

  constructor(
    private readonly predictions: Predictions,
    private readonly provider: InferenceProvider,
    private readonly accounts: AccountsOfRecords,
  ) {}

  /**
   * Looks once, in the list of the record's account, and binds the record to its prediction where the list tells it beyond doubt: by our webhook's
   * address, or by the very same input, when as many listed predictions as records of ours are without an
   * owner and nobody who may still learn an id by himself is among them.
   *
   * @param depth how much of the list is read
   * @returns whether the record is bound now
   * @throws when the list or the database cannot be read: then it is not known whether it is there
   */
  async find(record: LiveRecord, depth: SearchDepth): Promise<boolean> {
    if (record.upstreamId !== undefined) return true;
    const account = await this.accounts.of(record.start);
    const listed = await this.list(DEPTHS[depth], account);
    const named = listed.find(({ recordId }) => recordId === record.id);
    const found = named ?? (await this.findByInput(record, listed));
    if (found) record.reported(found.report);
    return record.upstreamId !== undefined;
  }

  /**
   * Whether the list, as far as it is read, goes back beyond the record's time and has nothing that could be its
   * prediction. Meant for a record that is old enough to be in the list if it ever will be.
   *
   * @throws when the list or the database cannot be read
   */
  async isAbsent(record: LiveRecord): Promise<boolean> {
    const listed = await this.list(DEPTHS.deep, await this.accounts.of(record.start));
    const before = Date.now() - record.ageMs - CLOCKS;
    const isCovered =
      listed.length < PAGE || listed.some(({ createdAt }) => createdAt && createdAt.getTime() < before);
    const similar = listed.filter(({ recordId, inputDigest }) =>
      recordId === undefined ? inputDigest.equals(record.start.inputDigest) : recordId === record.id,
    );
    if (!isCovered || similar.some(({ recordId }) => recordId !== undefined)) return false;
    const bound = await this.predictions.boundAmong(similar.map(({ report }) => report.upstreamId));
    return similar.every(({ report }) => bound.has(report.upstreamId));
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
    // In this order: an id that is bound between the two is then seen as still missing, which is only a doubt.
    const unbound = await this.predictions.findUnbound(record);
    const bound = await this.predictions.boundAmong(same.map(({ report }) => report.upstreamId));
    const free = same.filter(({ report }) => !bound.has(report.upstreamId));
    const others = unbound.filter(
      ({ id, held, ageMs }) => id !== record.id && (held || ageMs < NEVER_LISTED),
    );
    if (others.length === 0) return free.length === 1 ? free[0] : undefined;
    if (others.some(({ held }) => held) || free.length !== unbound.length) return undefined;
    // All are orphans with the same input: which is which makes no difference, as long as each gets one.
    return free[free.length - 1 - unbound.findIndex(({ id }) => id === record.id)];
  }

  private list(pages: number, account: UpstreamAccount | undefined): Promise<readonly ListedPrediction[]> {
    const key = `${pages} ${account?.id ?? ''}`;
    const running = this.listings.get(key);
    if (running) return running;
    const listing = this.provider.list(pages, account).finally(() => this.listings.delete(key));
    this.listings.set(key, listing);
    return listing;
  }
}
