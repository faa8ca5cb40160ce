// Keys as the authenticator reads them. What changes them is the tenancy's.
import { Injectable } from '@nestjs/common';
import { SCOPES } from '../contracts/requires.decorator.js';
import { PrismaService } from '../database/prisma.service.js';
import { UNSUPPORTED_PARAMS } from '../inference/call.js';
import type { Limits } from '../inference/limits.js';
import type { KeyPrincipal } from './principal.js';

/** A key that may be used, until something changes it. */
export interface Credential {
  readonly principal: KeyPrincipal;
  /** Milliseconds until it ends, by the database's clock; undefined: it does not end by itself. */
  readonly expiresInMs: number | undefined;
}

interface LimitColumns {
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  readonly maxConcurrency: number | null;
  readonly monthlyBudgetNanos: bigint | null;
  readonly totalBudgetNanos: bigint | null;
}

/** Reads keys, and notes their use. */
@Injectable()
export class CredentialsRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** The key with this hash; undefined where there is none that may be used. */
  async findUsable(hash: Buffer): Promise<Credential | undefined> {
    const key = await this.prisma.apiKey.findUnique({
      where: { hash: new Uint8Array(hash), revokedAt: null, tenant: { suspendedAt: null, deletedAt: null } },
      include: { tenant: true },
    });
    if (!key) return undefined;
    const { id: keyId, tenantId, models, ipAllowlist, expiresAt, rotatedTo, tenant } = key;
    const principal: KeyPrincipal = {
      kind: 'key',
      keyId,
      tenantId,
      accountId: key.accountId ?? keyId,
      scopes: SCOPES.filter((scope) => key.scopes.includes(scope)),
      models,
      ipAllowlist,
      limits: { key: toLimits(key), tenant: toLimits(tenant) },
      replacedUntil: rotatedTo === null ? undefined : (expiresAt ?? undefined),
      unsupportedParams: UNSUPPORTED_PARAMS.find((value) => value === key.unsupportedParams),
      retainContentDays: tenant.retainContentDays ?? undefined,
    };
    if (!expiresAt) return { principal, expiresInMs: undefined };
    const expiresInMs = expiresAt.getTime() - (await this.databaseTime());
    return expiresInMs > 0 ? { principal, expiresInMs } : undefined;
  }

  /** Which of these keys may still be used. */
  async usableAmong(keyIds: readonly string[]): Promise<Set<string>> {
    const rows = await this.prisma.$queryRaw<{ id: string }[]>`
      SELECT k.id FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
      WHERE k.id = ANY (${keyIds}::text[]) AND k.revoked_at IS NULL
        AND (k.expires_at IS NULL OR k.expires_at > now()) AND t.suspended_at IS NULL AND t.deleted_at IS NULL`;
    return new Set(rows.map(({ id }) => id));
  }

  /**
   * Notes when keys were last used: one statement, however many they are. It waits for nobody, and so is in no deadlock:
   * of a key that is being changed at the moment, another use is noted.
   */
  async noteUses(uses: ReadonlyMap<string, Date>): Promise<void> {
    await this.prisma.$executeRaw`
      WITH used AS (
        SELECT k.id, u.at
        FROM unnest(${[...uses.keys()]}::text[], ${[...uses.values()]}::timestamptz[]) AS u(id, at)
        JOIN api_keys k ON k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)
        ORDER BY k.id FOR NO KEY UPDATE OF k SKIP LOCKED)
      UPDATE api_keys k SET last_used_at = used.at FROM used WHERE k.id = used.id`;
  }

  /** Nodes' clocks may be wrong; the database's is the one that counts. */
  private async databaseTime(): Promise<number> {
    const [row] = await this.prisma.$queryRaw<{ now: Date }[]>`SELECT now() AS now`;
    return row?.now.getTime() ?? Date.now();
  }
}

/** Limits as the database has them. */
export function toLimits(row: LimitColumns): Limits {
  return {
    requestsPerMinute: row.requestsPerMinute ?? undefined,
    tokensPerMinute: row.tokensPerMinute ?? undefined,
    maxConcurrency: row.maxConcurrency ?? undefined,
    monthlyBudgetNanos: row.monthlyBudgetNanos ?? undefined,
    totalBudgetNanos: row.totalBudgetNanos ?? undefined,
  };
}
