import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Hit } from './hits.js';
import { PostgresThrottlerStorage } from './postgres-throttler.storage.js';
import { twoNodes, type TwoNodes } from './throttling.fixture.js';

let both: TwoNodes;
let storage: PostgresThrottlerStorage;
let other: PostgresThrottlerStorage;
beforeAll(async () => {
  both = await twoNodes();
  [storage, other] = [both.nodes[0].storage, both.nodes[1].storage];
});
afterAll(() => both.close());
beforeEach(() => both.clear());

const hit = (key: string, limit: number, cost = 1): Hit => ({ key, cost, limit });
const usedOf = async (key: string) => (await storage.take([hit(key, 1e9, 0)])).counts[0]?.used;

describe('a limit', () => {
  it('lets through exactly as many as it says, over two nodes that race (F2, P14)', async () => {
    const verdicts = await Promise.all(
      Array.from({ length: 200 }, (_, index) => (index % 2 ? storage : other).take([hit('req:a', 50)])),
    );
    expect(verdicts.filter(({ refused }) => !refused)).toHaveLength(50);
    expect(await usedOf('req:a')).toBe(50);
    const remaining = verdicts.filter(({ refused }) => !refused).map(({ counts }) => counts[0]?.remaining);
    expect(remaining.sort((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  it('tells what is used, what remains, and when', async () => {
    const { counts, refused } = await storage.take([hit('req:a', 2)]);
    expect(refused).toBeUndefined();
    expect(counts).toMatchObject([{ key: 'req:a', used: 1, remaining: 1, fitsInMs: 0 }]);
    // The second that it was counted in is over in a second, and out of the window a minute later.
    expect(counts[0]?.resetMs).toBeGreaterThan(60_000);
    expect(counts[0]?.resetMs).toBeLessThanOrEqual(61_000);
    await storage.take([hit('req:a', 2)]);
    const third = await storage.take([hit('req:a', 2)]);
    expect(third.refused).toMatchObject({ key: 'req:a', used: 2, remaining: 0 });
    expect(third.refused?.fitsInMs).toBeLessThanOrEqual(61_000);
    expect(third.refused?.fitsInMs).toBe(third.refused?.resetMs);
  });

  it('slides: each hit counts for a minute, and no more than a second longer (F3)', async () => {
    await storage.take([hit('req:a', 3)]);
    await both.pass(30);
    await storage.take([hit('req:a', 3, 2)]);
    const full = await storage.take([hit('req:a', 3)]);
    expect(full.refused?.fitsInMs).toBeGreaterThan(29_000);
    expect(full.refused?.fitsInMs).toBeLessThanOrEqual(31_000);
    expect(full.refused?.resetMs).toBeGreaterThan(58_000);
    // Two hits fit only when the two of now have gone as well.
    const two = await storage.take([hit('req:a', 3, 2)]);
    expect(two.refused?.fitsInMs).toBeGreaterThan(58_000);
    await both.pass(28);
    expect((await storage.take([hit('req:a', 3)])).refused).toBeDefined();
    await both.pass(3);
    expect((await storage.take([hit('req:a', 3)])).counts[0]).toMatchObject({ used: 3 });
    await both.pass(61);
    expect((await storage.take([hit('req:a', 3)])).counts[0]).toMatchObject({ used: 1 });
  });

  it('counts a hit until the last moment of its second has left the window', async () => {
    const { counts } = await storage.take([hit('req:a', 1)]);
    const second = counts[0]?.second ?? NaN;
    await both.pass(60);
    const [late] = (await storage.take([hit('req:a', 1)])).counts;
    // Unless a second has begun meanwhile, the hit is in the sixty-first slot, and still counts.
    if (late?.second === second) expect(late).toMatchObject({ used: 1, remaining: 0 });
    await both.pass(1);
    expect((await storage.take([hit('req:a', 1)])).refused).toBeUndefined();
  });

  it('never fits what costs more than itself', async () => {
    const { refused } = await storage.take([hit('tok:a', 100, 101)]);
    expect(refused).toMatchObject({ used: 0, remaining: 100, resetMs: 0 });
    expect(refused?.fitsInMs).toBeUndefined();
    expect((await storage.take([hit('tok:a', 100, 100)])).refused).toBeUndefined();
  });

  it('holds and recovers when the clock is set back (H15)', async () => {
    await storage.take([hit('req:a', 1)]);
    await both.pass(-3600);
    const { refused } = await storage.take([hit('req:a', 1)]);
    expect(refused?.fitsInMs).toBeGreaterThan(60_000);
    expect(refused?.fitsInMs).toBeLessThanOrEqual(62_000);
    await storage.take([hit('req:a', 2)]);
    expect(await usedOf('req:a')).toBe(2);
    await both.pass(62);
    expect(await usedOf('req:a')).toBe(0);
  });

  it('may be lowered below what is used', async () => {
    await storage.take([hit('tok:a', 100, 90)]);
    expect((await storage.take([hit('tok:a', 10)])).refused).toMatchObject({ used: 90, remaining: 0 });
  });

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])('counts no %d, and others are counted', async (cost) => {
    const [bad, good] = await Promise.allSettled([
      storage.take([hit('tok:a', 10, cost)]),
      storage.take([hit('tok:a', 10, 3)]),
    ]);
    expect([bad.status, good.status]).toEqual(['rejected', 'fulfilled']);
    expect(await usedOf('tok:a')).toBe(3);
  });
});

describe('a group of hits', () => {
  it('counts wholly or not at all', async () => {
    const group = [
      hit('req:key', 9),
      hit('req:tenant', 1),
      hit('tok:key', 100, 30),
      hit('tok:tenant', 100, 30),
    ];
    expect((await storage.take(group)).refused).toBeUndefined();
    const { refused, counts } = await other.take(group);
    expect(refused?.key).toBe('req:tenant');
    expect(counts.map(({ used }) => used)).toEqual([1, 1, 30, 30]);
    expect(await Promise.all(group.map(({ key }) => usedOf(key)))).toEqual([1, 1, 30, 30]);
  });

  it('names the hit that has to be waited for longest', async () => {
    await storage.take([hit('early', 1)]);
    await both.pass(20);
    await storage.take([hit('late', 1)]);
    const order = [hit('early', 1), hit('late', 1)];
    expect((await storage.take(order)).refused?.key).toBe('late');
    expect((await storage.take(order.toReversed())).refused?.key).toBe('late');
    expect((await storage.take([...order, hit('never', 1, 2)])).refused?.key).toBe('never');
  });

  it('may hit one key twice', async () => {
    expect((await storage.take([hit('a', 3, 2), hit('a', 3, 2)])).refused).toBeDefined();
    expect((await storage.take([hit('a', 4, 2), hit('a', 4, 2)])).refused).toBeUndefined();
    expect(await usedOf('a')).toBe(4);
  });

  it('does not count where nothing is limited', async () => {
    expect(await storage.take([])).toEqual({ counts: [], refused: undefined });
  });

  it('never meets another in a deadlock, in whatever order their keys come', async () => {
    const { prisma } = both.nodes[0];
    const deadlocks = async () =>
      (
        await prisma.$queryRaw<[{ n: number }]>`
        SELECT (pg_stat_force_next_flush() IS NULL)::int * 0 + deadlocks::int AS n
        FROM pg_stat_database WHERE datname = current_database()`
      )[0].n;
    const keys = Array.from({ length: 12 }, (_, index) => `key${index}`);
    for (let round = 0; round < 20; round++) {
      await both.clear();
      const groups = [keys, keys.toReversed(), keys.slice(6), keys.slice(0, 6).toReversed()];
      await Promise.all(
        groups.map((order, index) => (index % 2 ? storage : other).take(order.map((key) => hit(key, 100)))),
      );
    }
    expect(await usedOf('key7')).toBe(3);
    expect(await deadlocks()).toBe(0);
  });
});

describe('requests of one turn of the event loop', () => {
  it('share one statement, and what comes while it runs the next', async () => {
    const count = vi.spyOn(both.nodes[0].windows, 'count');
    try {
      const first = Array.from({ length: 100 }, (_, index) => storage.take([hit(`req:${index % 7}`, 1e6)]));
      await vi.waitFor(() => expect(count).toHaveBeenCalledTimes(1), { interval: 1 });
      const second = [
        storage.take([hit('req:0', 1e6)]),
        storage.correct([{ key: 'req:0', cost: 1, second: 0 }]),
      ];
      await Promise.all([...first, ...second]);
      expect(count.mock.calls.map(([groups]) => groups.length)).toEqual([100, 2]);
    } finally {
      count.mockRestore();
    }
  });
});

describe('a correction', () => {
  it('gives back at the second of the charge, and never more than is there', async () => {
    const { counts } = await storage.take([hit('tok:a', 100, 80)]);
    const second = counts[0]?.second ?? NaN;
    await storage.correct([{ key: 'tok:a', cost: -50, second }]);
    expect(await usedOf('tok:a')).toBe(30);
    await storage.correct([{ key: 'tok:a', cost: -50, second: second - 5 }]);
    expect(await usedOf('tok:a')).toBe(30);
    await other.correct([{ key: 'tok:a', cost: -500, second }]);
    expect(await usedOf('tok:a')).toBe(0);
    const [{ resetMs } = { resetMs: NaN }] = (await storage.take([hit('tok:a', 100, 0)])).counts;
    expect(resetMs).toBe(0);
  });

  it('adds now, whatever the limit', async () => {
    await storage.take([hit('tok:a', 100, 100)]);
    await both.pass(50);
    await storage.correct([{ key: 'tok:a', cost: 60, second: 0 }]);
    expect(await usedOf('tok:a')).toBe(160);
    await both.pass(15);
    expect(await usedOf('tok:a')).toBe(60);
  });

  it('of a charge that has left the window is ignored', async () => {
    const { counts } = await storage.take([hit('tok:a', 100, 80)]);
    await both.pass(70);
    await storage.take([hit('tok:a', 100, 40)]);
    await storage.correct([{ key: 'tok:a', cost: -80, second: (counts[0]?.second ?? 0) - 70 }]);
    expect(await usedOf('tok:a')).toBe(40);
  });

  it('of many things at once is one statement', async () => {
    const [a, b] = (await storage.take([hit('tok:a', 100, 9), hit('tok:b', 100, 9)])).counts;
    await storage.correct([
      { key: 'tok:b', cost: -4, second: b?.second ?? 0 },
      { key: 'tok:a', cost: 3, second: a?.second ?? 0 },
    ]);
    expect([await usedOf('tok:a'), await usedOf('tok:b')]).toEqual([12, 5]);
  });
});

describe("the library's increment", () => {
  const increment = (limit: number, blockDuration = 0, name = 'default') =>
    storage.increment('tracker', 60_000, limit, blockDuration, name);

  it('counts, and says in seconds when there is room again', async () => {
    expect(await increment(2)).toMatchObject({ totalHits: 1, isBlocked: false, timeToBlockExpire: 0 });
    expect(await increment(2)).toMatchObject({ totalHits: 2, isBlocked: false });
    const blocked = await increment(2);
    expect(blocked).toMatchObject({ totalHits: 3, isBlocked: true });
    expect(blocked.timeToBlockExpire).toBeGreaterThan(59);
    expect(blocked.timeToBlockExpire).toBeLessThanOrEqual(61);
    expect(await increment(2, 0, 'another')).toMatchObject({ totalHits: 1, isBlocked: false });
    await both.pass(61);
    expect(await increment(2)).toMatchObject({ totalHits: 1, isBlocked: false });
  });

  it('blocks for as long as it is told to, from the first hit above the limit', async () => {
    await increment(1, 60_000);
    await both.pass(40);
    expect(await increment(1, 60_000)).toMatchObject({
      totalHits: 2,
      isBlocked: true,
      timeToBlockExpire: 60,
    });
    await both.pass(30);
    // The window has room by now.
    const blocked = await increment(1, 60_000);
    expect(blocked.isBlocked).toBe(true);
    expect(blocked.timeToBlockExpire).toBeLessThanOrEqual(31);
    await both.pass(32);
    expect(await increment(1, 60_000)).toMatchObject({ totalHits: 1, isBlocked: false });
  });

  it('refuses times that it cannot keep', async () => {
    await expect(storage.increment('a', 1000, 1, 0, 'default')).rejects.toThrow('ttl of 1000 ms');
    await expect(storage.increment('a', 60_000, 1, 1000, 'default')).rejects.toThrow(
      'blockDuration of 1000 ms',
    );
  });
});
