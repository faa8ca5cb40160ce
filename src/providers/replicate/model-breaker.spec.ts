import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ModelBreaker } from './model-breaker.js';
import { type FaultKind, UpstreamFault } from './upstream-fault.js';

let breaker: ModelBreaker;
beforeEach(() => {
  vi.useFakeTimers();
  Logger.overrideLogger(false);
  breaker = new ModelBreaker('owner/name');
});
afterEach(() => {
  vi.useRealTimers();
  Logger.overrideLogger(true);
});

const refused = (status: number) => new UpstreamFault('refused', { status });
const works = () => breaker.run(() => Promise.resolve('ok'));
const fails = (fault: unknown = new UpstreamFault('lost')) =>
  breaker.run(() => Promise.reject(fault as Error)).catch((error: unknown) => error);
const times = async (count: number, act: () => Promise<unknown>) => {
  for (let n = 0; n < count; n++) await act();
};
const isOpen = async () => {
  const send = vi.fn().mockResolvedValue('ok');
  await breaker.run(send).catch(() => undefined);
  return send.mock.calls.length === 0;
};
/** A create that ends when told. */
function held() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const run = breaker.run(() => promise);
  run.catch(() => undefined);
  return { run, resolve, reject };
}

describe('the breaker of a model', () => {
  it('opens when half of ten creates have failed, and then refuses without sending (A24)', async () => {
    await times(5, works);
    await times(4, fails);
    expect(await isOpen()).toBe(false);
    await times(6, fails);
    const send = vi.fn();
    await expect(breaker.run(send)).rejects.toMatchObject({
      reason: 'model_overloaded',
      status: 503,
      retryAfterMs: 10_000,
    });
    expect(send).not.toHaveBeenCalled();
    expect(() => breaker.check()).toThrow(expect.objectContaining({ reason: 'model_overloaded' }));
  });

  it('stays closed below ten creates, and when fewer than half fail', async () => {
    await times(9, fails);
    expect(await isOpen()).toBe(false);
    breaker = new ModelBreaker('owner/other');
    await times(11, works);
    await times(10, fails);
    expect(await isOpen()).toBe(false);
  });

  it('forgets what is older than 30 s, however few creates came since', async () => {
    await times(9, fails);
    await vi.advanceTimersByTimeAsync(30_000);
    await times(9, fails);
    expect(await isOpen()).toBe(false);
  });

  it.each<FaultKind>(['lost', 'timed_out', 'not_sent'])('counts a create that was %s', async (kind) => {
    await times(10, () => fails(new UpstreamFault(kind)));
    expect(await isOpen()).toBe(true);
  });

  it.each([500, 502, 503, 504])('counts a refusal with %d', async (status) => {
    await times(10, () => fails(refused(status)));
    expect(await isOpen()).toBe(true);
  });

  it.each([400, 401, 402, 404, 422])('takes a refusal with %d as a sign of life', async (status) => {
    await times(10, () => fails(refused(status)));
    await times(9, fails);
    expect(await isOpen()).toBe(false);
  });

  it.each([refused(429), new UpstreamFault('aborted'), new Error('the life ended')])(
    'takes no sign from %s',
    async (fault) => {
      await times(20, () => fails(fault));
      expect(await isOpen()).toBe(false);
      await times(5, fails);
      await times(4, works);
      expect(await isOpen()).toBe(false);
    },
  );

  it('passes on what the create gave or threw', async () => {
    await expect(works()).resolves.toBe('ok');
    const fault = refused(500);
    await expect(breaker.run(() => Promise.reject(fault))).rejects.toBe(fault);
    const left = new UpstreamFault('aborted');
    await expect(breaker.run(() => Promise.reject(left))).rejects.toBe(left);
  });

  describe('that is open', () => {
    beforeEach(() => times(10, fails));

    it('lets exactly one probe through after 10 s, and closes when it works (A24)', async () => {
      await vi.advanceTimersByTimeAsync(9999);
      expect(await isOpen()).toBe(true);
      await vi.advanceTimersByTimeAsync(1);
      const probe = held();
      expect(await isOpen()).toBe(true);
      await expect(works()).rejects.toMatchObject({ reason: 'model_overloaded', retryAfterMs: 1000 });
      probe.resolve('ok');
      await expect(probe.run).resolves.toBe('ok');
      await times(9, fails);
      expect(await isOpen()).toBe(false);
    });

    it('stays open for another 10 s when the probe fails', async () => {
      await vi.advanceTimersByTimeAsync(10_000);
      await fails();
      await vi.advanceTimersByTimeAsync(9999);
      expect(await isOpen()).toBe(true);
      await vi.advanceTimersByTimeAsync(1);
      expect(await isOpen()).toBe(false);
    });

    it('probes with the next create when the first probe told nothing', async () => {
      await vi.advanceTimersByTimeAsync(10_000);
      await fails(refused(429));
      await expect(works()).resolves.toBe('ok');
      await times(9, fails);
      expect(await isOpen()).toBe(false);
    });
  });

  it('is not opened again by creates of before it closed', async () => {
    const old = Array.from({ length: 20 }, held);
    await times(10, fails);
    await vi.advanceTimersByTimeAsync(10_000);
    await works();
    for (const { reject } of old) reject(new UpstreamFault('timed_out'));
    await Promise.allSettled(old.map(({ run }) => run));
    expect(await isOpen()).toBe(false);
  });

  it('is not opened by creates of before while its probe is under way', async () => {
    const old = held();
    await times(10, fails);
    await vi.advanceTimersByTimeAsync(10_000);
    const probe = held();
    old.reject(new UpstreamFault('timed_out'));
    await Promise.allSettled([old.run]);
    probe.resolve('ok');
    await probe.run;
    expect(await isOpen()).toBe(false);
  });
});
