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

/** A key, as it was found. */
export interface FoundCredential extends Credential {
  readonly stored: StoredHash;
}

/** What a key is stored as. */
export interface StoredHash {
  readonly hash: Uint8Array;
  /** Mark of the pepper that has made the hash. */
  readonly pepperVersion: number;
}

/** A key that is to be stored as something else. */
export interface Rehash {
  readonly keyId: string;
  readonly from: Uint8Array;
  readonly to: StoredHash;
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

  /** The key with one of these hashes; undefined where there is none that may be used. */
  async findUsable(hashes: readonly Buffer[]): Promise<FoundCredential | undefined> {
    const usable = { revokedAt: null, tenant: { suspendedAt: null, deletedAt: null } };
    const include = { tenant: true } as const;
    const [hash = new Uint8Array(), ...more] = hashes.map((bytes) => new Uint8Array(bytes));
    const key =
      more.length === 0
        ? await this.prisma.apiKey.findUnique({ where: { hash, ...usable }, include })
        : await this.prisma.apiKey.findFirst({
            where: { hash: { in: [hash, ...more] }, ...usable },
            include,
          });
    if (!key) return undefined;
    const stored = { hash: key.hash, pepperVersion: key.pepperVersion };
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
    if (!expiresAt) return { principal, expiresInMs: undefined, stored };
    const expiresInMs = expiresAt.getTime() - (await this.databaseTime());
    return expiresInMs > 0 ? { principal, expiresInMs, stored } : undefined;
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

  /**
   * Stores keys as something else: one statement, however many they are. As with uses, it waits for nobody; a key that
   * is not stored any more as whoever asks believes stays as it is.
   */
  async rehash(keys: readonly Rehash[]): Promise<void> {
    const [ids, from, to] = [
      keys.map(({ keyId }) => keyId),
      keys.map((key) => hex(key.from)),
      keys.map((key) => hex(key.to.hash)),
    ];
    const versions = keys.map((key) => key.to.pepperVersion);
    await this.prisma.$executeRaw`
      WITH hashed AS (
        SELECT k.id, decode(h.new_hash, 'hex') AS hash, h.version
        FROM unnest(${ids}::text[], ${from}::text[], ${to}::text[], ${versions}::int[])
          AS h(id, old_hash, new_hash, version)
        JOIN api_keys k ON k.id = h.id AND k.hash = decode(h.old_hash, 'hex')
        ORDER BY k.id FOR NO KEY UPDATE OF k SKIP LOCKED)
      UPDATE api_keys k SET hash = hashed.hash, pepper_version = hashed.version FROM hashed WHERE k.id = hashed.id`;
  }

  /** How many keys that may be used are stored under each pepper, by its mark. */
  async countByPepper(): Promise<Map<number, number>> {
    const rows = await this.prisma.$queryRaw<{ version: number; count: number }[]>`
      SELECT k.pepper_version AS version, count(*)::int AS count
      FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
      WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
        AND t.suspended_at IS NULL AND t.deleted_at IS NULL
      GROUP BY k.pepper_version`;
    return new Map(rows.map(({ version, count }) => [version, count]));
  }

  /** Nodes' clocks may be wrong; the database's is the one that counts. */
  private async databaseTime(): Promise<number> {
    const [row] = await this.prisma.$queryRaw<{ now: Date }[]>`SELECT now() AS now`;
    return row?.now.getTime() ?? Date.now();
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
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
