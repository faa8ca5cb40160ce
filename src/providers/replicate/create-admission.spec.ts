import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../errors/api-error.js';
import { CreateAdmission } from './create-admission.js';
import { Life } from './life.js';
import { UpstreamFault } from './upstream-fault.js';

beforeEach(() => {
  vi.useFakeTimers();
  Logger.overrideLogger(false);
});
afterEach(() => {
  vi.useRealTimers();
  Logger.overrideLogger(true);
});

const UNLIMITED = { createsPerMinute: 1_000_000, modelConcurrency: 100_000 };
const refused = (status: number, retryAfterMs?: number) =>
  new UpstreamFault('refused', {
    status,
    problem: { invalidFields: [] },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });

/** A life whose sleeps follow the faked clock, as Node's own promise of a timeout does not. */
function newLife(limitMs = 600_000): Life {
  const life = new Life(new AbortController().signal, limitMs);
  vi.spyOn(life, 'sleep').mockImplementation((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  return life;
}

/** What becomes of a promise, without waiting for it. */
function watch<Value>(promise: Promise<Value>) {
  const seen: { value?: Value; error?: unknown } = {};
  promise.then(
    (value) => (seen.value = value),
    (error: unknown) => (seen.error = error),
  );
  return seen;
}

describe('the places of a model', () => {
  it('are refused when they are taken, while another model has its own (A25)', () => {
    const admission = new CreateAdmission({ ...UNLIMITED, modelConcurrency: 2 });
    admission.enter('slow/model');
    admission.enter('slow/model');
    const enter = () => admission.enter('slow/model');
    expect(enter).toThrow(expect.objectContaining({ reason: 'model_overloaded', retryAfterMs: 2000 }));
    expect(() => admission.enter('other/model')).not.toThrow();
  });

  it('are free again when they are left, and leaving twice frees one', () => {
    const admission = new CreateAdmission({ ...UNLIMITED, modelConcurrency: 2 });
    const leave = admission.enter('owner/name');
    admission.enter('owner/name');
    leave();
    leave();
    admission.enter('owner/name');
    expect(() => admission.enter('owner/name')).toThrow(ApiError);
  });
});

describe('the admission of creates', () => {
  it('sends a create at once when nothing stands against it', async () => {
    const send = vi.fn().mockResolvedValue('accepted');
    await expect(new CreateAdmission(UNLIMITED).create('a/b', newLife(), send)).resolves.toBe('accepted');
    expect(send).toHaveBeenCalledTimes(1);
  });

  it('sends again when nothing was sent, and three times at the most (A2)', async () => {
    const send = vi.fn().mockRejectedValue(new UpstreamFault('not_sent'));
    const seen = watch(new CreateAdmission(UNLIMITED).create('a/b', newLife(), send));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(seen.error).toMatchObject({ kind: 'not_sent' });
    expect(send).toHaveBeenCalledTimes(3);
  });

  it('holds all creates of the node back for as long as a 429 asks (A4)', async () => {
    const admission = new CreateAdmission(UNLIMITED);
    const first = vi.fn().mockRejectedValueOnce(refused(429, 7000)).mockResolvedValueOnce('accepted');
    const other = vi.fn().mockResolvedValue('accepted');
    const seen = watch(admission.create('a/b', newLife(), first));
    await vi.advanceTimersByTimeAsync(0);
    void admission.create('c/d', newLife(), other);
    await vi.advanceTimersByTimeAsync(6999);
    expect(other).not.toHaveBeenCalled();
    expect(first).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(7000);
    expect(other).toHaveBeenCalledTimes(1);
    expect(seen.value).toBe('accepted');
  });

  it('holds creates back for half a second after a 429 that asks for no time (A5)', async () => {
    const admission = new CreateAdmission(UNLIMITED);
    void watch(admission.create('a/b', newLife(), vi.fn().mockRejectedValue(refused(429))));
    await vi.advanceTimersByTimeAsync(0);
    const other = vi.fn().mockResolvedValue('accepted');
    void admission.create('c/d', newLife(), other);
    await vi.advanceTimersByTimeAsync(499);
    expect(other).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(other).toHaveBeenCalledTimes(1);
  });

  it('refuses those who cannot wait as long as a 429 asks, with the time (A4)', async () => {
    const admission = new CreateAdmission(UNLIMITED);
    void watch(admission.create('a/b', newLife(), vi.fn().mockRejectedValue(refused(429, 30_000))));
    await vi.advanceTimersByTimeAsync(0);
    const seen = watch(admission.create('a/b', newLife(5000), vi.fn()));
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.error).toMatchObject({ reason: 'upstream_rate_limited', retryAfterMs: 30_000 });
  });

  it.each([429, 503])(
    'sends at the most 1.1 times what it is asked to, and ten, while all is refused with %d (A6)',
    async (status) => {
      const admission = new CreateAdmission(UNLIMITED);
      const send = vi.fn(() => Promise.reject(refused(status)));
      const requests = 200 * 30;
      for (let n = 0; n < requests; n++) {
        watch(admission.create('a/b', newLife(60_000), send));
        await vi.advanceTimersByTimeAsync(5);
      }
      await vi.advanceTimersByTimeAsync(60_000);
      expect(send.mock.calls.length).toBeGreaterThan(0);
      expect(send.mock.calls.length).toBeLessThanOrEqual(requests * 1.1 + 10);
    },
  );

  it('may repeat one create for every ten that it sends for the first time, after ten (A6)', async () => {
    const admission = new CreateAdmission(UNLIMITED);
    const sends = async (model: string, send = vi.fn().mockRejectedValue(new UpstreamFault('not_sent'))) => {
      watch(admission.create(model, newLife(), send));
      await vi.advanceTimersByTimeAsync(10_000);
      return send.mock.calls.length;
    };
    const failing = ['a/1', 'a/2', 'a/3', 'a/4', 'a/5', 'a/6'];
    const counts = [];
    for (const model of failing) counts.push(await sends(model));
    expect(counts).toEqual([3, 3, 3, 3, 3, 1]);
    for (let n = 0; n < 6; n++) await sends('b/good', vi.fn().mockResolvedValue('ok'));
    expect(await sends('a/7')).toBe(2);
  });

  it('opens the breaker of the failing model only, and then fails at once (A24, A25)', async () => {
    const admission = new CreateAdmission(UNLIMITED);
    const failing = vi.fn().mockRejectedValue(new UpstreamFault('lost'));
    for (let n = 0; n < 10; n++) await admission.create('a/b', newLife(), failing).catch(() => undefined);
    await expect(admission.create('a/b', newLife(), failing)).rejects.toMatchObject({
      reason: 'model_overloaded',
      retryAfterMs: 10_000,
    });
    expect(failing).toHaveBeenCalledTimes(10);
    await expect(admission.create('c/d', newLife(), () => Promise.resolve('ok'))).resolves.toBe('ok');
  });

  it('waits for no turn to say that the breaker is open (A24)', async () => {
    const admission = new CreateAdmission({ ...UNLIMITED, createsPerMinute: 60 });
    const failing = () => Promise.reject(new UpstreamFault('lost'));
    for (let n = 0; n < 10; n++) watch(admission.create('a/b', newLife(), failing));
    await vi.advanceTimersByTimeAsync(0);
    const seen = watch(admission.create('a/b', newLife(), vi.fn()));
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.error).toMatchObject({ reason: 'model_overloaded' });
  });

  it('uses no turn for a create that the breaker holds back', async () => {
    const admission = new CreateAdmission({ ...UNLIMITED, createsPerMinute: 600 });
    const sends = Array.from({ length: 10 }, () => Promise.withResolvers<string>());
    for (const { promise } of sends) watch(admission.create('a/b', newLife(), () => promise));
    admission.pause(500);
    const queued = Array.from({ length: 5 }, () => watch(admission.create('a/b', newLife(), vi.fn())));
    const other = vi.fn().mockResolvedValue('accepted');
    watch(admission.create('c/d', newLife(), other));
    await vi.advanceTimersByTimeAsync(0);
    for (const { reject } of sends) reject(new UpstreamFault('lost'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(queued.map(({ error }) => (error as ApiError).reason)).toEqual(Array(5).fill('model_overloaded'));
    expect(other).toHaveBeenCalledTimes(1);
  });

  it('stops waiting when the life ends, but hears out what was sent', async () => {
    const admission = new CreateAdmission({ ...UNLIMITED, createsPerMinute: 10 });
    const { promise, resolve } = Promise.withResolvers<string>();
    const life = newLife();
    const sent = watch(admission.create('a/b', life, () => promise));
    for (let n = 0; n < 9; n++) watch(admission.create('a/b', newLife(), () => Promise.resolve('')));
    const unsent = vi.fn();
    const waiting = watch(admission.create('a/b', life, unsent));
    await vi.advanceTimersByTimeAsync(0);
    const ending = new ApiError('client_closed_request');
    life.stop(ending);
    await vi.advanceTimersByTimeAsync(5000);
    expect(waiting.error).toBe(ending);
    expect(unsent).not.toHaveBeenCalled();
    expect(sent).toEqual({});
    resolve('accepted');
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.value).toBe('accepted');
  });

  it('forgets the breaker of a model that a thousand others came after', async () => {
    const admission = new CreateAdmission(UNLIMITED);
    const failing = () => Promise.reject(new UpstreamFault('lost'));
    for (let n = 0; n < 10; n++) await admission.create('a/b', newLife(), failing).catch(() => undefined);
    for (let n = 0; n < 1000; n++) await admission.create(`x/${n}`, newLife(), () => Promise.resolve(''));
    await expect(admission.create('a/b', newLife(), () => Promise.resolve('ok'))).resolves.toBe('ok');
  });
});

it('a create whose token was replaced is sent once more, in its turn', async () => {
  const admission = new CreateAdmission({ ...UNLIMITED, createsPerMinute: 1 });
  const replaced = new UpstreamFault('refused', { status: 401, tokenReplaced: true });
  const send = vi.fn().mockRejectedValueOnce(replaced).mockResolvedValueOnce('accepted');
  const seen = watch(admission.create('a/b', newLife(), send));
  await vi.advanceTimersByTimeAsync(59_000);
  expect(send).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(seen.value).toBe('accepted');
  const again = vi.fn().mockRejectedValue(replaced);
  const refusedAgain = watch(new CreateAdmission(UNLIMITED).create('a/b', newLife(), again));
  await vi.advanceTimersByTimeAsync(1000);
  expect([refusedAgain.error, again.mock.calls.length]).toEqual([replaced, 2]);
});

describe('open breakers', () => {
  const onBreakerOpened = vi.fn();
  const failing = async (admission: CreateAdmission) => {
    const fail = () => watch(admission.create('a/b', newLife(), vi.fn().mockRejectedValue(refused(500))));
    for (let create = 0; create < 10; create += 1) fail();
    await vi.advanceTimersByTimeAsync(0);
  };

  it('are counted until a create works', async () => {
    const admission = new CreateAdmission({ ...UNLIMITED, onBreakerOpened });
    await failing(admission);
    expect([admission.breakersOpen, onBreakerOpened.mock.calls.length]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(10_000);
    const probe = Promise.withResolvers<string>();
    const probing = admission.create('a/b', newLife(), () => probe.promise);
    await vi.advanceTimersByTimeAsync(70_000);
    expect(admission.breakersOpen).toBe(1);
    probe.resolve('ok');
    await probing;
    expect(admission.breakersOpen).toBe(0);
  });

  it('are not counted for ever where nobody asks any more', async () => {
    const admission = new CreateAdmission(UNLIMITED);
    await failing(admission);
    await vi.advanceTimersByTimeAsync(69_000);
    expect(admission.breakersOpen).toBe(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(admission.breakersOpen).toBe(0);
  });
});
