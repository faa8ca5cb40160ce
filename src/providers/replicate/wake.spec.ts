import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../errors/api-error.js';
import { Life } from './life.js';
import { Wake } from './wake.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const newLife = () => new Life(new AbortController().signal, 600_000);

describe('a wake', () => {
  it('waits its time when nobody calls', async () => {
    const wait = new Wake().wait(1000, newLife());
    await vi.advanceTimersByTimeAsync(1000);
    await expect(wait).resolves.toBe(false);
  });

  it('ends the wait at a call', async () => {
    const wake = new Wake();
    const wait = wake.wait(1000, newLife());
    wake.call();
    await expect(wait).resolves.toBe(true);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('does not wait when it was called since the last wait, once', async () => {
    const wake = new Wake();
    wake.call();
    wake.call();
    await expect(wake.wait(1000, newLife())).resolves.toBe(true);
    const second = wake.wait(1000, newLife());
    await vi.advanceTimersByTimeAsync(1000);
    await expect(second).resolves.toBe(false);
  });

  it('rejects with the ending of the life, also of one that has ended', async () => {
    const wake = new Wake();
    const life = newLife();
    const wait = wake.wait(1000, life);
    const ending = new ApiError('prediction_timeout');
    life.stop(ending);
    await expect(wait).rejects.toBe(ending);
    await expect(wake.wait(1000, life)).rejects.toBe(ending);
  });
});
