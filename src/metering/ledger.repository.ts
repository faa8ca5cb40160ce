// Reads the ledger, always one tenant's, along the index of tenants and ids.
import { Injectable } from '@nestjs/common';
import type { Prediction, Prisma } from '../database/client/client.js';
import { TenantDatabase } from '../database/tenant-database.js';

/** A part of a tenant's ledger. What is undefined does not matter. */
export interface LedgerSelection {
  readonly limit: number;
  /** Id of the last line before this part. */
  readonly after: string | undefined;
  readonly order: 'asc' | 'desc';
  /** When they began: from then on, and before. */
  readonly from: Date | undefined;
  readonly until: Date | undefined;
  readonly keyId: string | undefined;
  readonly model: string | undefined;
  readonly state: Prediction['state'] | undefined;
  readonly requestId: string | undefined;
}

const columns = {
  ...{ id: true, keyId: true, requestId: true, model: true, upstream: true, version: true, upstreamId: true },
  ...{
    ownUpstream: true,
    state: true,
    billing: true,
    promptTokens: true,
    completionTokens: true,
    images: true,
  },
  ...{ createdAt: true, startedAt: true, completedAt: true, settledAt: true, runTimeUs: true },
  ...{ heldNanos: true, costNanos: true, error: true },
} as const;

/** A line of the ledger: nothing of what was asked or answered. */
export type LedgerRow = Prisma.PredictionGetPayload<{ select: typeof columns }>;

/** The texts of a call that are kept. */
export interface ContentRow {
  readonly prompt: Prisma.JsonValue;
  readonly answer: string;
  readonly expiresAt: Date;
}

/** How far the clocks of nodes, which make ids, and of the database may be apart, in milliseconds. */
const CLOCKS_APART = 86_400_000;

/** Reads predictions. */
@Injectable()
export class LedgerRepository {
  constructor(private readonly database: TenantDatabase) {}

  list(tenantId: string, selection: LedgerSelection): Promise<LedgerRow[]> {
    const { limit, after, order, from, until, keyId, model, state, requestId } = selection;
    return this.database.of(tenantId).prediction.findMany({
      where: {
        tenantId,
        AND: [
          ...(after === undefined ? [] : [{ id: order === 'asc' ? { gt: after } : { lt: after } }]),
          // Ids are sorted by time: the index finds the place, and the exact time decides.
          ...(from ? [{ id: { gte: idAt(from, -CLOCKS_APART) }, createdAt: { gte: from } }] : []),
          ...(until ? [{ id: { lt: idAt(until, CLOCKS_APART) }, createdAt: { lt: until } }] : []),
          ...(keyId === undefined ? [] : [{ keyId }]),
          ...(model === undefined ? [] : [{ model }]),
          ...(state === undefined ? [] : [{ state }]),
          ...(requestId === undefined ? [] : [{ requestId }]),
        ],
      },
      orderBy: { id: order },
      take: limit,
      select: columns,
    });
  }

  /** One line; null where the tenant has none with this id. */
  find(tenantId: string, id: string): Promise<LedgerRow | null> {
    return this.database.of(tenantId).prediction.findUnique({ where: { id, tenantId }, select: columns });
  }

  /** What is kept of the texts of a line's call: nothing of what has expired by the database's clock, or whose tenant has gone. */
  async contentOf(tenantId: string, id: string): Promise<ContentRow | undefined> {
    const [content] = await this.database.of(tenantId).$queryRaw<ContentRow[]>`
      SELECT c.prompt, c.answer, c.expires_at AS "expiresAt"
      FROM retained_contents c JOIN tenants t ON t.id = c.tenant_id
      WHERE c.prediction_id = ${id} AND c.tenant_id = ${tenantId} AND c.expires_at > now() AND t.deleted_at IS NULL`;
    return content;
  }
}

/** Where the ids of a moment begin: a UUID of version 7 starts with its milliseconds (RFC 9562, 5.7). */
export function idAt(moment: Date, shiftMs = 0): string {
  return `prd_${Math.max(0, moment.getTime() + shiftMs)
    .toString(16)
    .padStart(12, '0')}`;
}
