// What the limits of tenants and keys are called in the API, and in the domain.
import type { Limits } from '../inference/limits.js';

/** The API's name of each limit. */
export const LIMIT_NAMES = {
  requestsPerMinute: 'requests_per_minute',
  tokensPerMinute: 'tokens_per_minute',
  maxConcurrency: 'max_concurrency',
  monthlyBudgetNanos: 'monthly_budget_usd',
  totalBudgetNanos: 'total_budget_usd',
} as const satisfies Record<keyof Limits, string>;

/** A limit, by its name in the domain. */
export type LimitName = keyof typeof LIMIT_NAMES;

/** All limits, in the order in which they are shown. */
export const LIMITS = Object.keys(LIMIT_NAMES) as LimitName[];
