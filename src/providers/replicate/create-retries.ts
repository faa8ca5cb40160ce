// Repeats a create, but only where it is certain that Replicate did not accept the one before: each accepted
// create costs money, and Replicate has no idempotency key.
import type { Life } from './life.js';
import type { RetryBudget } from './retry-budget.js';
import { UpstreamFault } from './upstream-fault.js';

/** How often a create is sent at the most. */
const MAX_ATTEMPTS = 3;

/** Longest wait that we make our caller sit out; a longer one is the caller's to know of. */
const MAX_WAIT = 60_000;

/** Shortest wait before the second attempt, doubled for the third: whatever is asked for, no storm. */
const MIN_WAIT = 500;

/**
 * Runs `create` until it is accepted, refused for good, or the budget is spent. Rejects with the last fault, or the
 * life's ending.
 */
export function withRetries<Value>(
  create: () => Promise<Value>,
  life: Life,
  budget: RetryBudget,
  attempt = 1,
): Promise<Value> {
  return create().catch(async (fault: unknown) => {
    if (!(fault instanceof UpstreamFault) || !fault.provablyNotAccepted || attempt === MAX_ATTEMPTS)
      throw fault;
    const wait = Math.max(fault.retryAfterMs ?? 0, MIN_WAIT * 2 ** (attempt - 1));
    if (wait > Math.min(MAX_WAIT, life.remainingMs) || !budget.take()) throw fault;
    // Up to a quarter more, so that many who were refused together do not return together.
    await life.sleep(wait * (1 + Math.random() / 4));
    return withRetries(create, life, budget, attempt + 1);
  });
}
