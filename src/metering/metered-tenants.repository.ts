// Which tenants there are to tell the use of: also those that were deleted, whose ledger stays.
import { Injectable } from '@nestjs/common';
import { isId } from '../contracts/identifier.js';
import { notFound } from '../contracts/not-found.js';
import { TenantDatabase } from '../database/tenant-database.js';

/** Looks tenants up. */
@Injectable()
export class MeteredTenants {
  constructor(private readonly database: TenantDatabase) {}

  /** @throws {ApiError} `not_found` for a tenant that never was */
  async check(id: string): Promise<void> {
    const found = isId('ten_', id)
      ? await this.database.of(id).tenant.findUnique({ where: { id }, select: { id: true } })
      : null;
    if (!found) throw notFound('tenant', id);
  }
}
