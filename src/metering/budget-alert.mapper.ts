// From stored alerts to the API's objects, and to the bodies that are sent.
import { toDollars } from '../inference/money.js';
import type { AlertFacts, BudgetAlertObject } from './budget-alert.contract.js';
import type { AlertRow } from './budget-alerts.repository.js';
import { unixSeconds } from '../contracts/unix-seconds.js';
import { orNull } from './nullable.js';

/** An alert as the API lists it. */
export function toAlertObject(row: AlertRow): BudgetAlertObject {
  return {
    id: row.id,
    object: 'budget_alert',
    ...toFacts(row),
    created_at: unixSeconds(row.createdAt),
    status: row.deliveredAt ? 'delivered' : row.nextAttemptAt ? 'pending' : 'failed',
    attempts: row.attempts,
    next_attempt_at: orNull(row.nextAttemptAt, unixSeconds),
    delivered_at: orNull(row.deliveredAt, unixSeconds),
    last_outcome: row.lastOutcome,
  };
}

/** The body of a delivery, in the form of Standard Webhooks. The same at each attempt. */
export function toAlertBody(row: AlertRow): string {
  const type = 'budget.threshold_reached';
  return JSON.stringify({ type, timestamp: row.createdAt.toISOString(), data: toFacts(row) });
}

function toFacts(row: AlertRow): AlertFacts {
  return {
    tenant_id: row.tenantId,
    scope: row.accountId === row.tenantId ? 'tenant' : 'key',
    account_id: row.accountId,
    period: row.period,
    threshold_percent: row.threshold,
    budget_usd: toDollars(row.budgetNanos),
    spent_usd: toDollars(row.spentNanos),
  };
}
