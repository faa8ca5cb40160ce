// Tenants in the database.
import { Injectable } from '@nestjs/common';
import type { Prisma, Tenant } from '../database/client/client.js';
import { PrismaService } from '../database/prisma.service.js';
import type { Slice } from './slice.js';

/** A tenant as it is stored, without its sealed secrets. */
export type StoredTenant = Omit<Tenant, 'upstreamToken' | 'alertSecret'>;

/** Columns that a use case writes; undefined ones stay. */
export type TenantColumns = Omit<Prisma.TenantUpdateManyMutationInput, 'id' | 'createdAt' | 'upstreamToken'>;

type Transaction = Prisma.TransactionClient;

/** What no reader outside this file ever gets. */
const secret = { upstreamToken: true, alertSecret: true } as const;

/** Reads and writes tenants. One that was deleted is found by no id. */
@Injectable()
export class TenantsRepository {
  constructor(private readonly prisma: PrismaService) {}

  create(tx: Transaction, data: Prisma.TenantCreateInput): Promise<StoredTenant> {
    return tx.tenant.create({ data, omit: secret });
  }

  find(id: string, db: Transaction = this.prisma): Promise<StoredTenant | null> {
    return db.tenant.findUnique({ where: { id, deletedAt: null }, omit: secret });
  }

  list({ after, take }: Slice): Promise<StoredTenant[]> {
    const where = { deletedAt: null, ...(after !== undefined && { id: { gt: after } }) };
    return this.prisma.tenant.findMany({ where, orderBy: { id: 'asc' }, take, omit: secret });
  }

  update(tx: Transaction, id: string, data: TenantColumns): Promise<StoredTenant> {
    return tx.tenant.update({ where: { id }, data, omit: secret });
  }

  /** Marks a tenant as deleted. What it has used stays. */
  async delete(tx: Transaction, id: string, at: Date): Promise<void> {
    await tx.tenant.update({ where: { id }, data: { deletedAt: at }, select: { id: true } });
  }
}
