// Reads accounts, with the limits that hold for them.
import { Injectable } from '@nestjs/common';
import { TenantDatabase } from '../database/tenant-database.js';

/** An account with its limits, in nano-dollars. Of the month that it is now: a month that is over counts no more. */
export interface AccountRow {
  /** Such as `2026-11`. */
  readonly period: string;
  readonly running: number;
  readonly monthlyLimit: bigint | null;
  readonly monthSpent: bigint;
  readonly monthHeld: bigint;
  readonly totalLimit: bigint | null;
  readonly totalSpent: bigint;
  readonly totalHeld: bigint;
}

/** The account of keys. */
export interface KeyAccountRow extends AccountRow {
  readonly id: string;
  /** The keys that work and share it. */
  readonly keyIds: string[];
}

/** Reads budgets. Who was never admitted has no account yet, and has spent nothing. */
@Injectable()
export class BudgetsRepository {
  constructor(private readonly database: TenantDatabase) {}

  /** A tenant's own account, deleted tenants' too; undefined for one that never was. */
  async ofTenant(tenantId: string): Promise<AccountRow | undefined> {
    const rows = await this.database.of(tenantId).$queryRaw<AccountRow[]>`
      SELECT to_char(month_of(now()), 'YYYY-MM') AS period, COALESCE(a.running, 0) AS running,
        t.monthly_budget_nanos AS "monthlyLimit", t.total_budget_nanos AS "totalLimit",
        CASE WHEN a.month >= month_of(now()) THEN a.month_spent ELSE 0 END AS "monthSpent",
        CASE WHEN a.month >= month_of(now()) THEN a.month_held ELSE 0 END AS "monthHeld",
        COALESCE(a.total_spent, 0) AS "totalSpent", COALESCE(a.total_held, 0) AS "totalHeld"
      FROM tenants t LEFT JOIN accounts a ON a.id = t.id
      WHERE t.id = ${tenantId}`;
    return rows[0];
  }

  /** Whether a key is the tenant's, one that works no more too: keys are never deleted. */
  async hasKey(tenantId: string, id: string): Promise<boolean> {
    const key = await this.database
      .of(tenantId)
      .apiKey.findUnique({ where: { id, tenantId }, select: { id: true } });
    return key !== null;
  }

  /** The accounts of a tenant's keys that work, in order of their ids. Of limits that differ the strictest holds. */
  ofKeys(tenantId: string, { after, take }: { after: string; take: number }): Promise<KeyAccountRow[]> {
    return this.database.of(tenantId).$queryRaw<KeyAccountRow[]>`
      WITH keys AS (
        SELECT COALESCE(k.account_id, k.id) AS id, array_agg(k.id ORDER BY k.id) AS "keyIds",
          min(k.monthly_budget_nanos) AS "monthlyLimit", min(k.total_budget_nanos) AS "totalLimit"
        FROM api_keys k
        WHERE k.tenant_id = ${tenantId} AND k.revoked_at IS NULL
          AND (k.expires_at IS NULL OR k.expires_at > now()) AND COALESCE(k.account_id, k.id) > ${after}
        GROUP BY 1 ORDER BY 1 LIMIT ${take}::int)
      SELECT k.*, to_char(month_of(now()), 'YYYY-MM') AS period, COALESCE(a.running, 0) AS running,
        CASE WHEN a.month >= month_of(now()) THEN a.month_spent ELSE 0 END AS "monthSpent",
        CASE WHEN a.month >= month_of(now()) THEN a.month_held ELSE 0 END AS "monthHeld",
        COALESCE(a.total_spent, 0) AS "totalSpent", COALESCE(a.total_held, 0) AS "totalHeld"
      FROM keys k LEFT JOIN accounts a ON a.id = k.id AND a.tenant_id = ${tenantId}
      ORDER BY k.id`;
  }
}
