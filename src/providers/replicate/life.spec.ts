import { describe, expect, it } from 'vitest';
import { ApiError } from '../../errors/api-error.js';
import { Life } from './life.js';

const gone = new ApiError('client_closed_request');

describe('the life of a request', () => {
  it('ends with its caller, and takes no failure for unheard that comes afterwards', async () => {
    const caller = new AbortController();
    const life = new Life(caller.signal, 60_000);
    caller.abort(gone);
    // An unhandled rejection would end the process, and fails the run here.
    await expect(life.race(Promise.reject(new Error('too late')))).rejects.toBe(gone);
    await new Promise((resolve) => setImmediate(resolve));
    life.dispose();
  });

  it('gives what comes in time', async () => {
    const life = new Life(new AbortController().signal, 60_000);
    await expect(life.race(Promise.resolve(1))).resolves.toBe(1);
    await expect(life.race(Promise.reject(gone))).rejects.toBe(gone);
    life.dispose();
  });

  it('ends at its deadline', async () => {
    const life = new Life(new AbortController().signal, 1);
    await expect(life.race(new Promise(() => undefined))).rejects.toMatchObject({
      reason: 'prediction_timeout',
    });
    expect(life.remainingMs).toBeLessThan(1);
    life.dispose();
  });
});
