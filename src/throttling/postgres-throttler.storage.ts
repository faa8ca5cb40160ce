// Where @nestjs/throttler counts: in PostgreSQL, so that a limit holds over all nodes. What is limited, and what a
// caller is told, is the guard's.
import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { Batch } from '../database/batch.js';
import { isDatabaseUnavailable } from '../database/unavailable.js';
import { type Correction, type Hit, toVerdict, type Verdict, type VerdictRow, WINDOW_MS } from './hits.js';
import { type Group, RateWindowsRepository } from './rate-windows.repository.js';

/** What `increment` answers. The library does not export its name. */
type ThrottlerStorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** Counts hits. What comes in one turn of the event loop, and while a statement runs, shares one statement. */
@Injectable()
export class PostgresThrottlerStorage implements ThrottlerStorage {
  private readonly batch: Batch<Group, VerdictRow>;

  constructor(repository: RateWindowsRepository) {
    this.batch = new Batch(
      (groups) => repository.count(groups),
      (error) => !isDatabaseUnavailable(error),
    );
  }

  /**
   * Counts all of these hits, or none of them where one does not fit.
   *
   * @throws what the database throws: whoever cannot count must not let pass
   */
  async take(hits: readonly Hit[]): Promise<Verdict> {
    if (hits.length === 0) return { counts: [], refused: undefined };
    for (const { cost, limit } of hits) requireCounts(cost, limit);
    return toVerdict(hits, await this.batch.add(hits));
  }

  /** Changes what was counted before. */
  async correct(corrections: readonly Correction[]): Promise<void> {
    if (corrections.length === 0) return;
    for (const { cost, second } of corrections) requireCounts(Math.abs(cost), second);
    await this.batch.add(corrections);
  }

  /**
   * One hit, as the library's own guard counts it. Times in the answer are in seconds.
   *
   * @param ttl the window, in milliseconds: 60,000
   * @param blockDuration how long whoever passes the limit is blocked, in milliseconds: as long as the window, or 0,
   *   which blocks until the next hit fits
   * @throws {RangeError} for other times
   */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<ThrottlerStorageRecord> {
    if (ttl !== WINDOW_MS) throw new RangeError(`a ttl of ${ttl} ms cannot be counted, only ${WINDOW_MS}`);
    if (blockDuration !== WINDOW_MS && blockDuration > 0) {
      throw new RangeError(`a blockDuration of ${blockDuration} ms cannot be kept, only ${WINDOW_MS} or 0`);
    }
    const hit: Hit = { key: `hit:${throttlerName}:${key}`, cost: 1, limit };
    if (blockDuration <= 0) return toRecord(await this.take([hit]));
    // A block is a window too: while anything is in it, nothing fits.
    const block: Hit = { key: `block:${throttlerName}:${key}`, cost: 0, limit: 0 };
    const verdict = await this.take([hit, block]);
    if (!verdict.refused || verdict.counts.some((count) => count.key === block.key && count.used > 0)) {
      return toRecord(verdict);
    }
    await this.correct([{ key: block.key, cost: 1, second: verdict.refused.second }]);
    return { ...toRecord(verdict), timeToBlockExpire: blockDuration / 1000 };
  }
}

function requireCounts(...numbers: readonly number[]): void {
  for (const number of numbers) {
    if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`${number} cannot be counted`);
  }
}

/** A refused hit counts in the answer, as in the library's own storage: it is what is above the limit. */
function toRecord({ counts: [hit], refused }: Verdict): ThrottlerStorageRecord {
  return {
    totalHits: (hit?.used ?? 0) + (refused ? 1 : 0),
    timeToExpire: Math.ceil((hit?.resetMs ?? 0) / 1000),
    isBlocked: refused !== undefined,
    // A limit of 0 lets nothing pass, ever; the library knows no such thing.
    timeToBlockExpire: refused ? Math.ceil((refused.fitsInMs ?? WINDOW_MS) / 1000) : 0,
  };
}
