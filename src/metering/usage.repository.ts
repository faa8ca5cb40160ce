// Reads usage out of the rollups that settlements keep. The ledger itself is never read for it.
import { Injectable } from '@nestjs/common';
import { TenantDatabase } from '../database/tenant-database.js';
import type { Buckets } from './usage-range.js';

/** Which usage to read. */
export interface UsageSelection {
  readonly tenantId: string;
  readonly buckets: Buckets;
  readonly byKey: boolean;
  readonly byModel: boolean;
  /** Empty: all. */
  readonly models: readonly string[];
  /** Empty: all. */
  readonly keyIds: readonly string[];
  /** Most rows. */
  readonly limit: number;
}

/** What was used in one bucket, of one group. */
export interface UsageRow {
  /** When the bucket begins, in Unix seconds. */
  readonly start: number;
  readonly keyId: string | null;
  readonly model: string | null;
  readonly predictions: bigint;
  readonly succeeded: bigint;
  readonly images: bigint;
  readonly promptTokens: bigint;
  readonly completionTokens: bigint;
  readonly runTimeUs: bigint;
  readonly costNanos: bigint;
  readonly uncertainNanos: bigint;
  readonly unpriced: bigint;
}

/** Reads rollups. */
@Injectable()
export class UsageRepository {
  constructor(private readonly database: TenantDatabase) {}

  /** The sums, in order of time, key and model; what has none is not there. */
  read({ tenantId, buckets, byKey, byModel, models, keyIds, limit }: UsageSelection): Promise<UsageRow[]> {
    return this.database.of(tenantId).$queryRaw<UsageRow[]>`
      SELECT extract(epoch FROM bucket)::float8 AS start,
        CASE WHEN ${byKey} THEN key_id END AS "keyId", CASE WHEN ${byModel} THEN model END AS model,
        sum(predictions)::bigint AS predictions, sum(succeeded)::bigint AS succeeded, sum(images)::bigint AS images,
        sum(prompt_tokens)::bigint AS "promptTokens", sum(completion_tokens)::bigint AS "completionTokens",
        sum(run_time_us)::bigint AS "runTimeUs", sum(cost_nanos)::bigint AS "costNanos",
        sum(uncertain_nanos)::bigint AS "uncertainNanos", sum(unpriced)::bigint AS unpriced
      FROM usage_rollups
      WHERE tenant_id = ${tenantId} AND width = ${buckets.width}::int
        AND bucket >= to_timestamp(${buckets.start}::float8) AND bucket < to_timestamp(${buckets.end}::float8)
        AND (cardinality(${models}::text[]) = 0 OR model = ANY (${models}::text[]))
        AND (cardinality(${keyIds}::text[]) = 0 OR key_id = ANY (${keyIds}::text[]))
      GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT ${limit}::int`;
  }
}
