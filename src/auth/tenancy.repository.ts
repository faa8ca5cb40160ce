// Tenants and keys in the database. The only file of this room that writes queries.
import { Injectable } from '@nestjs/common';
import type { ApiKey, Tenant } from '../database/client/client.js';
import { PrismaService } from '../database/prisma.service.js';
import { UNSUPPORTED_PARAMS, type UnsupportedParams } from '../inference/call.js';

/** A key as it is stored: never with the key itself, and outside this file never with its hash. */
export type StoredKey = Omit<ApiKey, 'hash' | 'pepperVersion'>;
export type StoredTenant = Tenant;

/** A part of a list, in order of creation. */
export interface Slice {
  readonly after: string | undefined;
  readonly take: number;
}

/** What no reader outside this file ever gets. */
const secret = { hash: true, pepperVersion: true } as const;

/** Reads and writes tenants and their keys. */
@Injectable()
export class TenancyRepository {
  constructor(private readonly prisma: PrismaService) {}

  createTenant(data: Pick<Tenant, 'id' | 'name'>): Promise<StoredTenant> {
    return this.prisma.tenant.create({ data });
  }

  findTenant(id: string): Promise<StoredTenant | null> {
    return this.prisma.tenant.findUnique({ where: { id } });
  }

  listTenants({ after, take }: Slice): Promise<StoredTenant[]> {
    return this.prisma.tenant.findMany({ where: following(after), orderBy: { id: 'asc' }, take });
  }

  createKey(
    data: Omit<ApiKey, 'hash' | 'unsupportedParams' | 'createdAt' | 'revokedAt'> & {
      hash: Buffer;
      unsupportedParams: UnsupportedParams | null;
    },
  ): Promise<StoredKey> {
    return this.prisma.apiKey.create({ data: { ...data, hash: new Uint8Array(data.hash) }, omit: secret });
  }

  listKeys(tenantId: string, { after, take }: Slice): Promise<StoredKey[]> {
    return this.prisma.apiKey.findMany({
      where: { tenantId, ...following(after) },
      orderBy: { id: 'asc' },
      take,
      omit: secret,
    });
  }

  /** A key by its id alone, for people at a terminal. */
  findKey(id: string): Promise<StoredKey | null> {
    return this.prisma.apiKey.findUnique({ where: { id }, omit: secret });
  }

  findTenantKey(tenantId: string, id: string): Promise<StoredKey | null> {
    return this.prisma.apiKey.findUnique({ where: { id, tenantId }, omit: secret });
  }

  async findKeyByHash(hash: Buffer): Promise<StoredKey | undefined> {
    const key = await this.prisma.apiKey.findUnique({ where: { hash: new Uint8Array(hash) }, omit: secret });
    return key ?? undefined;
  }

  /** Marks a key as revoked, at its first revocation; a second one changes nothing. */
  async revokeKey(tenantId: string, id: string, at: Date): Promise<void> {
    await this.prisma.apiKey.updateMany({
      where: { id, tenantId, revokedAt: null },
      data: { revokedAt: at },
    });
  }
}

/** What a key says of parameters that a model lacks, which a check of the column holds to these values. */
export function unsupportedParamsOf(key: StoredKey): UnsupportedParams | undefined {
  return UNSUPPORTED_PARAMS.find((value) => value === key.unsupportedParams);
}

function following(after: string | undefined) {
  return after === undefined ? {} : { id: { gt: after } };
}
