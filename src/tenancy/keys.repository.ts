// Keys in the database. Every query names the tenant, so that no key is ever another tenant's.
import { Injectable } from '@nestjs/common';
import type { ApiKey, Prisma } from '../database/client/client.js';
import { PrismaService } from '../database/prisma.service.js';
import type { Slice } from './slice.js';
import type { Write } from './writes.repository.js';

/** A key as it is stored: never with the key itself, and outside this file never with its hash. */
export type StoredKey = Omit<ApiKey, 'hash' | 'pepperVersion'>;

/** What a new key is made of. */
export type KeyColumns = Omit<StoredKey, 'createdAt' | 'revokedAt' | 'rotatedTo' | 'lastUsedAt'> &
  Pick<ApiKey, 'pepperVersion'> & { readonly hash: Buffer };

/** Columns that change; undefined ones stay. */
export type KeyChangeColumns = Partial<
  Omit<StoredKey, 'id' | 'tenantId' | 'accountId' | 'createdAt' | 'rotatedFrom' | 'lastUsedAt' | 'display'>
>;

/** What no reader outside this file ever gets. */
const secret = { hash: true, pepperVersion: true } as const;

/** Reads and writes keys. */
@Injectable()
export class KeysRepository {
  constructor(private readonly prisma: PrismaService) {}

  create({ tx }: Write, { hash, ...data }: KeyColumns): Promise<StoredKey> {
    return tx.apiKey.create({ data: { ...data, hash: new Uint8Array(hash) }, omit: secret });
  }

  find(tenantId: string, id: string, db: Prisma.TransactionClient = this.prisma): Promise<StoredKey | null> {
    return db.apiKey.findUnique({ where: { id, tenantId }, omit: secret });
  }

  /** A key of a tenant that is neither suspended nor deleted. */
  findOpen(tenantId: string, id: string, tx: Prisma.TransactionClient): Promise<StoredKey | null> {
    const tenant = { suspendedAt: null, deletedAt: null };
    return tx.apiKey.findUnique({ where: { id, tenantId, tenant }, omit: secret });
  }

  list(tenantId: string, { after, take }: Slice): Promise<StoredKey[]> {
    const where = { tenantId, ...(after !== undefined && { id: { gt: after } }) };
    return this.prisma.apiKey.findMany({ where, orderBy: { id: 'asc' }, take, omit: secret });
  }

  update({ tx }: Write, tenantId: string, id: string, data: KeyChangeColumns): Promise<StoredKey> {
    return tx.apiKey.update({ where: { id, tenantId }, data, omit: secret });
  }

  /** Ends all keys of a tenant for good. Gives how many there were. */
  async revokeAll({ tx, now }: Write, tenantId: string): Promise<number> {
    const { count } = await tx.apiKey.updateMany({
      where: { tenantId, revokedAt: null },
      data: { revokedAt: now },
    });
    return count;
  }

  /** Whose a key is, for people at a terminal, who know it by its id alone. */
  async tenantOf(id: string): Promise<string | undefined> {
    const key = await this.prisma.apiKey.findUnique({ where: { id }, select: { tenantId: true } });
    return key?.tenantId;
  }
}
