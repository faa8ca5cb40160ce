// The statements on the table of sliding windows. What they do is written in the migration, as `throttle`.
import { Injectable } from '@nestjs/common';
import { PrismaService } from '../database/prisma.service.js';
import type { Correction, Hit, VerdictRow } from './hits.js';

/** Hits that are counted all or none, or corrections, which are never refused. */
export type Group = readonly Hit[] | readonly Correction[];

/** Windows of one statement: a sweep holds up nobody for long. */
const BATCH = 1000;

/** Counts hits in sliding windows, exactly, over all nodes. */
@Injectable()
export class RateWindowsRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** Counts groups, one after the other, in one statement. Gives a row for each. */
  count(groups: readonly Group[]): Promise<VerdictRow[]> {
    return this.prisma.direct<VerdictRow>`
      SELECT taken, used, fits_ms, reset_ms, seconds FROM throttle(${JSON.stringify(groups)}::jsonb) ORDER BY at`;
  }

  /**
   * Deletes windows that were not written for so long, which must be longer than a window lasts.
   *
   * @returns whether there may be more
   */
  async removeIdle(idleMs: number): Promise<boolean> {
    const removed = await this.prisma.$executeRaw`
      -- Read once: a subquery that is joined may be run again, and takes more than its limit.
      WITH idle AS MATERIALIZED (
        SELECT key FROM rate_windows
        WHERE second < extract(epoch FROM now()) - ${idleMs / 1000}::float8
        -- One that is being counted in just now is not idle.
        LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
      DELETE FROM rate_windows WHERE key IN (SELECT key FROM idle)`;
    return removed === BATCH;
  }
}
