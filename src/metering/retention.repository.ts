// Deletes what has been kept long enough, a batch at a time, on one node at a time.
import { Injectable } from '@nestjs/common';
import { PrismaService } from '../database/prisma.service.js';

/** PostgreSQL's advisory lock of whoever deletes: of all nodes one at a time gets it, for one statement. */
const LOCK = 7_270_702;

/** Rows of one statement: a fraction of a second. */
const BATCH = 2000;

/** Deletes batches. Each returns how many rows it took; 0 also where another node is at it. */
@Injectable()
export class RetentionRepository {
  constructor(private readonly prisma: PrismaService) {}

  /**
   * Lines of the ledger that began so long ago and are settled, oldest first. Found along the primary key, as ids
   * begin with their time (a UUID of version 7). What is kept of their texts goes with them.
   */
  async removeLines(olderThanMs: number): Promise<number> {
    const [gone] = await this.prisma.$queryRaw<[{ lines: number }]>`
      WITH lock AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(${LOCK}::int) AS mine),
      gone AS (
        DELETE FROM predictions WHERE id = ANY (ARRAY(
          SELECT p.id FROM predictions p
          WHERE (SELECT mine FROM lock) AND p.settled_at IS NOT NULL AND p.id < 'prd_' || lpad(to_hex(
            (extract(epoch FROM now()) * 1000)::bigint - ${olderThanMs}::bigint), 12, '0')
          ORDER BY p.id LIMIT ${BATCH}::int))
        RETURNING id
      ), texts AS (
        DELETE FROM retained_contents c USING gone WHERE c.prediction_id = gone.id
      )
      SELECT count(*)::int AS lines FROM gone`;
    return gone.lines;
  }

  /** Texts of calls whose time is over. */
  removeExpiredContents(): Promise<number> {
    return this.prisma.$executeRaw`
      WITH lock AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(${LOCK}::int) AS mine)
      DELETE FROM retained_contents WHERE prediction_id = ANY (ARRAY(
        SELECT c.prediction_id FROM retained_contents c
        WHERE (SELECT mine FROM lock) AND c.expires_at <= now()
        ORDER BY c.expires_at LIMIT ${BATCH}::int))`;
  }

  /** Texts of calls of tenants that were deleted. */
  removeContentsOfDeleted(): Promise<number> {
    return this.prisma.$executeRaw`
      WITH lock AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(${LOCK}::int) AS mine)
      DELETE FROM retained_contents WHERE prediction_id = ANY (ARRAY(
        -- Tenant by tenant along the index, however much the others have.
        SELECT c.prediction_id FROM tenants t CROSS JOIN LATERAL (
          SELECT r.prediction_id FROM retained_contents r WHERE r.tenant_id = t.id LIMIT ${BATCH}::int) c
        WHERE (SELECT mine FROM lock) AND t.deleted_at IS NOT NULL LIMIT ${BATCH}::int))`;
  }

  /** Sums of buckets of this width, in seconds, that began so long ago. */
  removeRollups(width: number, olderThanMs: number): Promise<number> {
    return this.prisma.$executeRaw`
      WITH lock AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(${LOCK}::int) AS mine)
      DELETE FROM usage_rollups WHERE ctid = ANY (ARRAY(
        SELECT u.ctid FROM usage_rollups u
        WHERE (SELECT mine FROM lock) AND u.width = ${width}::int
          AND u.bucket < now() - ${olderThanMs}::bigint * interval '1 millisecond'
        ORDER BY u.width, u.bucket LIMIT ${BATCH}::int))`;
  }

  /** Alerts of so long ago that are not to be sent any more. */
  removeAlerts(olderThanMs: number): Promise<number> {
    return this.prisma.$executeRaw`
      WITH lock AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(${LOCK}::int) AS mine)
      DELETE FROM budget_alerts WHERE id = ANY (ARRAY(
        SELECT b.id FROM budget_alerts b
        WHERE (SELECT mine FROM lock) AND b.next_attempt_at IS NULL
          AND b.created_at < now() - ${olderThanMs}::bigint * interval '1 millisecond'
        LIMIT ${BATCH}::int))`;
  }
}
