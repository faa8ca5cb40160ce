import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../errors/api-error.js';
import { CreateGovernor } from './create-governor.js';
import { Life } from './life.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const newLife = (limitMs = 600_000) => new Life(new AbortController().signal, limitMs);

/** Asks for turns, and notes in which order they come, and when. */
function asker(governor: CreateGovernor) {
  const start = performance.now();
  const turns: { name: string; at: number }[] = [];
  const refusals: { name: string; error: ApiError }[] = [];
  const ask = (name: string, life = newLife()) => {
    governor.take(life).then(
      () => turns.push({ name, at: Math.round(performance.now() - start) }),
      (error: unknown) => refusals.push({ name, error: error as ApiError }),
    );
    return life;
  };
  return { ask, turns, refusals };
}

describe('the governor of creates', () => {
  it("lets a minute's worth go at once, and the next when a minute is over, first come first served", async () => {
    const { ask, turns } = asker(new CreateGovernor(10));
    for (let n = 0; n < 14; n++) ask(`${n}`);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(turns).toHaveLength(10);
    await vi.advanceTimersByTimeAsync(1);
    expect(turns.map(({ name }) => name)).toEqual([...Array(14).keys()].map(String));
    expect(new Set(turns.slice(10).map(({ at }) => at))).toEqual(new Set([60_000]));
  });

  it('lets nobody pass those who wait, also when their turns are overdue', async () => {
    const { ask, turns } = asker(new CreateGovernor(10));
    for (let n = 0; n < 11; n++) ask(`${n}`);
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(now + 65_000);
    ask('late');
    await Promise.resolve();
    clock.mockRestore();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(turns.slice(10).map(({ name }) => name)).toEqual(['10', 'late']);
  });

  it('lets no more than the limit go in any minute, wherever that minute begins', async () => {
    const { ask, turns } = asker(new CreateGovernor(60));
    for (let second = 0; second < 240; second++) {
      for (let n = 0; n < 3; n++) ask(`${second}.${n}`);
      await vi.advanceTimersByTimeAsync(1000);
    }
    const times = turns.map(({ at }) => at);
    for (const from of times) {
      expect(times.filter((at) => at >= from && at < from + 60_000).length).toBeLessThanOrEqual(60);
    }
    expect(times.length).toBeGreaterThanOrEqual(240);
  });

  it('refuses at once a create whose turn would come after its deadline, and tells when it would', async () => {
    const { ask, turns, refusals } = asker(new CreateGovernor(10));
    for (let n = 0; n < 25; n++) ask(`${n}`);
    ask('late', newLife(100_000));
    await vi.advanceTimersByTimeAsync(0);
    expect(turns).toHaveLength(10);
    expect(refusals).toMatchObject([
      { name: 'late', error: { reason: 'upstream_rate_limited', status: 429 } },
    ]);
    expect(refusals[0]?.error.retryAfterMs).toBeCloseTo(120_000, 0);
  });

  it('gives the turn of one who leaves the queue to the next', async () => {
    const { ask, turns, refusals } = asker(new CreateGovernor(10));
    for (let n = 0; n < 10; n++) ask('first');
    const gone = ask('gone');
    ask('next');
    const ending = new ApiError('client_closed_request');
    gone.stop(ending);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(turns.at(-1)).toEqual({ name: 'next', at: 60_000 });
    expect(refusals).toEqual([{ name: 'gone', error: ending }]);
    ask('ended', gone);
    await vi.advanceTimersByTimeAsync(0);
    expect(refusals.at(-1)).toEqual({ name: 'ended', error: ending });
  });

  it('takes back a turn that was not used', async () => {
    const governor = new CreateGovernor(10);
    const { ask, turns } = asker(governor);
    for (let n = 0; n < 12; n++) ask(`${n}`);
    await vi.advanceTimersByTimeAsync(0);
    expect(turns).toHaveLength(10);
    governor.giveBack();
    await vi.advanceTimersByTimeAsync(0);
    expect(turns).toHaveLength(11);
  });

  it('lets nothing go during a pause, and one at a time after it (A4)', async () => {
    const governor = new CreateGovernor(600);
    const { ask, turns } = asker(governor);
    governor.pause(5000);
    governor.pause(1000);
    for (let n = 0; n < 3; n++) ask(`${n}`);
    await vi.advanceTimersByTimeAsync(4999);
    expect(turns).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(turns.map(({ at }) => at)).toEqual([5000, 5100, 5200]);
  });

  it('refuses those in the queue whose turns a pause puts behind their deadlines', async () => {
    const governor = new CreateGovernor(600);
    const { ask, turns, refusals } = asker(governor);
    governor.pause(1000);
    ask('short', newLife(2000));
    ask('long', newLife(20_000));
    governor.pause(10_000);
    await vi.advanceTimersByTimeAsync(0);
    expect(refusals).toMatchObject([{ name: 'short', error: { reason: 'upstream_rate_limited' } }]);
    expect(refusals[0]?.error.retryAfterMs).toBeCloseTo(10_000, 0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(turns).toEqual([{ name: 'long', at: 10_000 }]);
  });
});
