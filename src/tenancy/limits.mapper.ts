// Limits between the API, the domain and the database.
import type { Limits } from '../inference/limits.js';
import { parseDollars, toDollars } from '../inference/money.js';
import type { LimitName } from './limit-names.js';
import type { LimitsInput, LimitsObject } from './limits.contract.js';

/** Limits to change: an absent one stays, null removes it. */
export type LimitChanges = { readonly [Name in LimitName]?: NonNullable<Limits[Name]> | null | undefined };

/** What a caller says of limits; the contract has checked it. */
export function toLimitChanges(input: LimitsInput | null | undefined): LimitChanges {
  return {
    requestsPerMinute: input?.requests_per_minute,
    tokensPerMinute: input?.tokens_per_minute,
    maxConcurrency: input?.max_concurrency,
    monthlyBudgetNanos: toNanos(input?.monthly_budget_usd),
    totalBudgetNanos: toNanos(input?.total_budget_usd),
  };
}

/** Limits as the API shows them. */
export function toLimitsObject(limits: Limits): LimitsObject {
  return {
    requests_per_minute: limits.requestsPerMinute ?? null,
    tokens_per_minute: limits.tokensPerMinute ?? null,
    max_concurrency: limits.maxConcurrency ?? null,
    monthly_budget_usd: dollars(limits.monthlyBudgetNanos),
    total_budget_usd: dollars(limits.totalBudgetNanos),
  };
}

/** Absent stays absent, null stays null. */
function toNanos(amount: number | string | null | undefined): bigint | null | undefined {
  return amount == null ? amount : parseDollars(amount);
}

function dollars(nanos: bigint | undefined): number | null {
  return nanos === undefined ? null : toDollars(nanos);
}
