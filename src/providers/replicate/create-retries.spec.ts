import { describe, expect, it, vi } from 'vitest';
import { withRetries } from './create-retries.js';
import type { Life } from './life.js';
import { RetryBudget } from './retry-budget.js';
import { type FaultKind, UpstreamFault } from './upstream-fault.js';

/** A life whose sleeps are only noted. */
function fakeLife(remainingMs = 600_000) {
  const sleeps: number[] = [];
  const life = {
    remainingMs,
    sleep: (ms: number) => {
      sleeps.push(ms);
      return Promise.resolve();
    },
  };
  return { life: life as unknown as Life, sleeps };
}

const refused = (retryAfterMs?: number) =>
  new UpstreamFault('refused', { status: 429, ...(retryAfterMs !== undefined && { retryAfterMs }) });

describe('a create', () => {
  it('is sent again when nothing was sent (A2)', async () => {
    const create = vi
      .fn()
      .mockRejectedValueOnce(new UpstreamFault('not_sent'))
      .mockResolvedValueOnce('accepted');
    await expect(withRetries(create, fakeLife().life, new RetryBudget())).resolves.toBe('accepted');
    expect(create).toHaveBeenCalledTimes(2);
  });

  it.each<FaultKind>(['lost', 'timed_out', 'unreadable', 'aborted'])(
    'is never sent again when it was %s (A1, A3, A13)',
    async (kind) => {
      const create = vi.fn().mockRejectedValue(new UpstreamFault(kind));
      await expect(withRetries(create, fakeLife().life, new RetryBudget())).rejects.toMatchObject({ kind });
      expect(create).toHaveBeenCalledTimes(1);
    },
  );

  it('is sent three times at the most', async () => {
    const create = vi.fn().mockRejectedValue(refused());
    await expect(withRetries(create, fakeLife().life, new RetryBudget())).rejects.toMatchObject({
      status: 429,
    });
    expect(create).toHaveBeenCalledTimes(3);
  });

  it('waits as long as it is asked to, but never nothing (A4, A6)', async () => {
    const { life, sleeps } = fakeLife();
    const create = vi
      .fn()
      .mockRejectedValueOnce(refused(7000))
      .mockRejectedValueOnce(refused(0))
      .mockResolvedValueOnce('ok');
    await withRetries(create, life, new RetryBudget());
    expect(sleeps[0]).toBeGreaterThanOrEqual(7000);
    expect(sleeps[1]).toBeGreaterThanOrEqual(1000);
  });

  it.each([
    [61_000, 600_000],
    [10_000, 9000],
  ])('is given up at once when it must wait %d ms of %d', async (wait, remaining) => {
    const create = vi.fn().mockRejectedValue(refused(wait));
    await expect(withRetries(create, fakeLife(remaining).life, new RetryBudget())).rejects.toMatchObject({
      retryAfterMs: wait,
    });
    expect(create).toHaveBeenCalledTimes(1);
  });

  it('is not sent again when nothing is left of the budget: hits stay below 1.1 times the requests (A6)', async () => {
    const budget = new RetryBudget();
    const create = vi.fn().mockRejectedValue(refused(0));
    for (let request = 0; request < 1000; request++) {
      budget.deposit();
      await expect(withRetries(create, fakeLife().life, budget)).rejects.toMatchObject({ status: 429 });
    }
    expect(create.mock.calls.length).toBeGreaterThan(1050);
    expect(create.mock.calls.length).toBeLessThanOrEqual(1000 * 1.1 + 10);
  });
});
