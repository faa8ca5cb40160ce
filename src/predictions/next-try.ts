// What is done about an end that could not be written. One that were dropped would keep its money held and its
// place taken for ever. Pure; the writing itself is the writer's.
import { isRetryable } from '../database/retryable.js';
import { isDatabaseUnavailable } from '../database/unavailable.js';
import { BEYOND_ANY_BUDGET } from '../inference/price.js';
import type { Bill } from './outcome.js';
import type { Settlement } from './prediction-rows.js';

/**
 * - `again`: the same, after a pause, since the database is away or another statement came in its way.
 * - `without id`: at once, since the provider's id is in another row already. The end counts all the same.
 * - `minimal`: at once, without all that the database may have refused.
 * - `give up`: there is nothing left to leave out.
 */
export type NextTry =
  | { readonly kind: 'again' | 'without id' | 'minimal'; readonly settlement: Settlement }
  | { readonly kind: 'give up' };

/** What is tried next after an error. Ends: each try but `again` says less than the one before. */
export function nextTry(error: unknown, settlement: Settlement): NextTry {
  if (isDatabaseUnavailable(error) || isRetryable(error)) return { kind: 'again', settlement };
  if (settlement.upstreamId !== undefined && isTakenId(error))
    return { kind: 'without id', settlement: { ...settlement, upstreamId: undefined } };
  return isMinimal(settlement) ? { kind: 'give up' } : { kind: 'minimal', settlement: minimal(settlement) };
}

const UNKNOWN: Bill = { billing: 'unknown', costNanos: undefined };

/** The lease stays: without it, an end that somebody else's prediction must not have would count. */
function minimal({ id, lease, outcome: { state }, bill }: Settlement): Settlement {
  const nothing = { startedAt: undefined, completedAt: undefined, runTimeUs: undefined, tokens: undefined };
  return {
    id,
    lease,
    outcome: { state, ...nothing },
    bill: isBelievable(bill) ? bill : UNKNOWN,
    upstreamId: undefined,
    sentAt: undefined,
    error: undefined,
  };
}

function isMinimal({ upstreamId, sentAt, error, outcome, bill }: Settlement): boolean {
  const { startedAt, completedAt, runTimeUs, tokens, countedCompletion } = outcome;
  const more = [upstreamId, sentAt, error, startedAt, completedAt, runTimeUs, tokens, countedCompletion];
  return more.every((value) => value === undefined) && isBelievable(bill);
}

/** What costs more than any budget is a mistake, and could not be added up. */
function isBelievable({ costNanos = 0n }: Bill): boolean {
  return costNanos >= 0n && costNanos <= BEYOND_ANY_BUDGET;
}

/** PostgreSQL's `unique_violation`, of the provider's ids, as pg tells it and as Prisma wraps it. */
function isTakenId(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, originalCode, constraint, meta, cause } = error as Readonly<Record<string, unknown>>;
  if (code === '23505' || originalCode === '23505')
    return JSON.stringify(constraint ?? '').includes('upstream_id');
  return isTakenId((meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError ?? cause);
}
