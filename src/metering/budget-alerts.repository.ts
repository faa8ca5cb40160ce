// The alerts that settlements write, and what becomes of them.
import { Injectable } from '@nestjs/common';
import type { BudgetAlert } from '../database/client/client.js';
import { PrismaService } from '../database/prisma.service.js';
import { TenantDatabase } from '../database/tenant-database.js';

export type AlertRow = BudgetAlert;

/** An alert that is this node's to send, for the time of its lease. */
export interface ClaimedAlert extends AlertRow {
  /** In milliseconds, by the database's clock. */
  readonly ageMs: number;
  /** Where to; null where the tenant is gone, or wants none any more. */
  readonly url: string | null;
  /** Sealed. */
  readonly secret: string | null;
}

/** Reads and writes alerts. */
@Injectable()
export class BudgetAlertsRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly database: TenantDatabase,
  ) {}

  /**
   * A tenant's alerts, newest first. Their ids are not in order, so that the time of the last one is looked up:
   * undefined where the tenant has no such alert.
   */
  async list(
    tenantId: string,
    { after, take }: { after?: string | undefined; take: number },
  ): Promise<AlertRow[] | undefined> {
    const { budgetAlert } = this.database.of(tenantId);
    const last = after === undefined ? null : await budgetAlert.findUnique({ where: { id: after } });
    if (after !== undefined && !last) return undefined;
    const earlier = last && [
      { createdAt: { lt: last.createdAt } },
      { createdAt: last.createdAt, id: { lt: last.id } },
    ];
    return budgetAlert.findMany({
      where: { ...(earlier && { OR: earlier }) },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take,
    });
  }

  /**
   * Takes alerts that are due, one of a tenant at the most, and none of the tenants given: those that were tried least
   * come first. Each goes to one node, which has until the end of the lease; then it is due again.
   */
  claim(limit: number, busyTenants: readonly string[], leaseMs: number): Promise<ClaimedAlert[]> {
    return this.prisma.$queryRaw<ClaimedAlert[]>`
      -- Read once: a subquery that is joined may be run again, and takes more than its limit.
      WITH due AS MATERIALIZED (
        SELECT d.id FROM budget_alerts d
        WHERE d.next_attempt_at <= now() AND d.id IN (
          SELECT DISTINCT ON (f.tenant_id) f.id FROM budget_alerts f JOIN tenants s ON s.id = f.tenant_id
          WHERE f.next_attempt_at <= now() AND f.tenant_id <> ALL (${busyTenants}::text[])
            AND (s.suspended_at IS NULL OR s.deleted_at IS NOT NULL)
          ORDER BY f.tenant_id, f.attempts, f.created_at)
        ORDER BY d.attempts, d.next_attempt_at LIMIT ${limit}::int
        FOR UPDATE OF d SKIP LOCKED)
      UPDATE budget_alerts a
      SET attempts = a.attempts + 1, next_attempt_at = now() + ${leaseMs}::int * interval '1 millisecond'
      FROM tenants t
      WHERE t.id = a.tenant_id AND a.id IN (SELECT id FROM due)
      RETURNING a.id, a.tenant_id AS "tenantId", a.account_id AS "accountId", a.period, a.threshold,
        a.budget_nanos AS "budgetNanos", a.spent_nanos AS "spentNanos", a.created_at AS "createdAt", a.attempts,
        a.next_attempt_at AS "nextAttemptAt", a.delivered_at AS "deliveredAt", a.last_outcome AS "lastOutcome",
        (extract(epoch FROM now() - a.created_at) * 1000)::float8 AS "ageMs",
        CASE WHEN t.deleted_at IS NULL THEN t.alert_url END AS url, t.alert_secret AS secret`;
  }

  /** It has arrived, whoever holds it by now. */
  async delivered({ id }: Pick<AlertRow, 'id'>, outcome: string): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE budget_alerts SET delivered_at = now(), next_attempt_at = NULL, last_outcome = ${outcome}
      WHERE id = ${id} AND delivered_at IS NULL`;
  }

  /**
   * It has not arrived. Changes nothing where another node has taken it since.
   *
   * @param pauseMs until it is tried again; undefined: never
   */
  async failed(
    { id, attempts }: Pick<AlertRow, 'id' | 'attempts'>,
    outcome: string,
    pauseMs: number | undefined,
  ): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE budget_alerts SET last_outcome = ${outcome},
        next_attempt_at = now() + ${pauseMs ?? null}::float8 * interval '1 millisecond'
      WHERE id = ${id} AND attempts = ${attempts}::int AND delivered_at IS NULL`;
  }

  /** Nothing is to be sent to this address any more: it is taken from the tenant, and what waits for it is ended. */
  async gone({ tenantId, url }: ClaimedAlert, outcome: string): Promise<void> {
    await this.prisma.$executeRaw`
      WITH cleared AS (
        UPDATE tenants SET alert_url = NULL, alert_secret = NULL WHERE id = ${tenantId} AND alert_url = ${url} RETURNING id)
      UPDATE budget_alerts SET last_outcome = ${outcome}, next_attempt_at = NULL
      WHERE next_attempt_at IS NOT NULL AND tenant_id IN (SELECT id FROM cleared)`;
  }
}
