// From accounts to the budgets that the API shows.
import { toDollars } from '../inference/money.js';
import type { AccountState, BudgetObject, BudgetState, KeyAccountState } from './budget.contract.js';
import type { AccountRow, KeyAccountRow } from './budgets.repository.js';
import { dollarsOrNull } from './nullable.js';

/** A tenant's budgets, with those of its keys, which were read with one to spare. */
export function toBudget(tenant: AccountRow, keys: readonly KeyAccountRow[], pageSize: number): BudgetObject {
  const page = keys.slice(0, pageSize).map(toKeyAccount);
  return {
    object: 'budget',
    tenant: toAccount(tenant),
    keys: page,
    last_id: page.at(-1)?.id ?? null,
    has_more: keys.length > pageSize,
  };
}

function toKeyAccount(row: KeyAccountRow): KeyAccountState {
  return { id: row.id, api_key_ids: row.keyIds, ...toAccount(row) };
}

function toAccount(row: AccountRow): AccountState {
  return {
    running: row.running,
    monthly: { period: row.period, ...toState(row.monthlyLimit, row.monthSpent, row.monthHeld) },
    total: toState(row.totalLimit, row.totalSpent, row.totalHeld),
  };
}

function toState(limit: bigint | null, spent: bigint, held: bigint): BudgetState {
  const rest = limit === null ? null : limit - spent - held;
  return {
    limit_usd: dollarsOrNull(limit),
    spent_usd: toDollars(spent),
    held_usd: toDollars(held),
    // A limit that was lowered may be below what is spent.
    remaining_usd: dollarsOrNull(rest !== null && rest < 0n ? 0n : rest),
  };
}
