import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../errors/api-error.js';
import { HEARTBEAT, listed, open, Script } from './frame-script.fixture.js';

/** How long a reader may leave a chunk unread. */
const STALL = 30_000;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const chunk = (value: string) => ({ done: false, value });
const END = { done: true, value: undefined };

describe('a reader', () => {
  it('who does not come back is given up after 30 s (B5, B8)', async () => {
    const script = new Script();
    const { stream, seen } = open(script);
    const first = stream.next();
    await script.give({ a: 1 });
    await first;
    await vi.advanceTimersByTimeAsync(STALL - 1);
    expect(seen.stalls).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(seen.stalls).toBe(1);
    await vi.advanceTimersByTimeAsync(10 * STALL);
    expect(seen.stalls).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
    await stream.return(undefined);
  });

  it('who is slow but reads is kept', async () => {
    const script = new Script();
    const { stream, seen } = open(script);
    for (let round = 0; round < 5; round++) {
      const next = stream.next();
      await script.give({ round });
      await next;
      await vi.advanceTimersByTimeAsync(STALL - 1);
    }
    expect(seen.stalls).toBe(0);
    const next = stream.next();
    await vi.advanceTimersByTimeAsync(HEARTBEAT);
    expect(await next).toEqual(chunk(': keep-alive\n\n'));
    await stream.return(undefined);
  });

  it('who does not fetch the end is given up too', async () => {
    const { stream, seen } = open(listed());
    expect(await stream.next()).toEqual(chunk('data: [DONE]\n\n'));
    await vi.advanceTimersByTimeAsync(STALL);
    expect(seen.stalls).toBe(1);
  });

  it('who leaves while nothing comes is let go at once, and the producer is ended', async () => {
    const script = new Script();
    const { stream, seen } = open(script);
    const pending = stream.next();
    await stream.return(undefined);
    expect(await pending).toEqual(END);
    expect(await stream.next()).toEqual(END);
    expect(script.returned).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
    await script.give({ late: true });
    expect(await stream.next()).toEqual(END);
    expect(seen.starts).toBe(0);
  });

  it('who leaves between two chunks leaves nothing behind', async () => {
    const script = new Script();
    const { stream, seen } = open(script);
    const first = stream.next();
    await script.give({ a: 1 });
    await first;
    await script.give({ b: 2 });
    await stream.return(undefined);
    expect(await stream.next()).toEqual(END);
    await script.fail(new ApiError('upstream_timeout'));
    expect(seen.errors).toHaveLength(1);
    expect(script.returned).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('who throws gets his error back, and the producer is ended', async () => {
    const script = new Script();
    const { stream } = open(script);
    const error = new Error('mine');
    await expect(stream.throw(error)).rejects.toBe(error);
    expect(script.returned).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
