import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadline } from './deadline.js';

let calls = 0;
let deadline: Deadline;
beforeEach(() => {
  vi.useFakeTimers();
  calls = 0;
  deadline = new Deadline(() => calls++);
});
afterEach(() => vi.useRealTimers());

describe('Deadline', () => {
  it('calls back once, at its moment', () => {
    deadline.set(1000);
    vi.advanceTimersByTime(999);
    expect(calls).toBe(0);
    vi.advanceTimersByTime(1);
    expect(calls).toBe(1);
    vi.advanceTimersByTime(10_000);
    expect(calls).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits from the last time that it was set', () => {
    deadline.set(1000);
    vi.advanceTimersByTime(900);
    deadline.set(1000);
    vi.advanceTimersByTime(999);
    expect(calls).toBe(0);
    vi.advanceTimersByTime(1);
    expect(calls).toBe(1);
  });

  it('moves forward as well', () => {
    deadline.set(30_000);
    vi.advanceTimersByTime(500);
    deadline.set(1000);
    vi.advanceTimersByTime(1000);
    expect(calls).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('makes no timer for a later moment', () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    for (let chunk = 0; chunk < 1000; chunk++) deadline.set(1000 + chunk);
    expect(timers).toHaveBeenCalledTimes(1);
    timers.mockRestore();
  });

  it('leaves no timer when it is stopped, and can be set again', () => {
    deadline.set(1000);
    deadline.stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(2000);
    expect(calls).toBe(0);
    deadline.set(1000);
    vi.advanceTimersByTime(1000);
    expect(calls).toBe(1);
  });
});
