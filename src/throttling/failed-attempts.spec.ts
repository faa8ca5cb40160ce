import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SettingsService } from '../config/config.module.js';
import { FailedAttempts } from './failed-attempts.service.js';
import { PostgresThrottlerStorage } from './postgres-throttler.storage.js';
import { twoNodes, type TwoNodes } from './throttling.fixture.js';

let both: TwoNodes;
beforeAll(async () => {
  both = await twoNodes();
});
afterAll(() => both.close());
beforeEach(() => both.clear());

const settings = new SettingsService({ failedAuthPerMinute: 3 });
const on = (node: 0 | 1) => new FailedAttempts(both.nodes[node].storage, settings);
const blocked = (failures: FailedAttempts, ip: string) =>
  vi.waitFor(() => expect(failures.blockedForMs(ip)).toBeGreaterThan(0));
/** Until everything noted before is counted. */
const counted = (node: 0 | 1) => both.nodes[node].storage.take([{ key: 'clock', cost: 0, limit: 0 }]);

describe('failed attempts', () => {
  it('block an address at the limit, until there is room for another', async () => {
    const failures = on(0);
    for (let i = 0; i < 2; i++) failures.note('192.0.2.1');
    await counted(0);
    expect(failures.blockedForMs('192.0.2.1')).toBeUndefined();
    failures.note('192.0.2.1');
    await blocked(failures, '192.0.2.1');
    expect(failures.blockedForMs('192.0.2.1')).toBeLessThanOrEqual(61_000);
    expect(failures.blockedForMs('::ffff:192.0.2.1')).toBeGreaterThan(0);
    expect(failures.blockedForMs('192.0.2.2')).toBeUndefined();
  });

  it('count over all nodes, and an IPv6 address with its whole network (E13)', async () => {
    const [one, two] = [on(0), on(1)];
    one.note('2001:db8::1');
    one.note('2001:db8::2');
    await counted(0);
    two.note('2001:db8::3');
    await blocked(two, '2001:db8::ffff');
    expect(one.blockedForMs('2001:db8::1')).toBeUndefined();
    one.note('2001:db8::4');
    await blocked(one, '2001:db8::1');
  });

  it('of an address that is blocked cost no statement, and a flood of them few', async () => {
    const failures = on(0);
    const take = vi.spyOn(both.nodes[0].storage, 'take');
    try {
      for (let i = 0; i < 1000; i++) failures.note('192.0.2.1');
      await blocked(failures, '192.0.2.1');
      for (let i = 0; i < 1000; i++) failures.note('192.0.2.1');
      expect(take).toHaveBeenCalledTimes(3);
    } finally {
      take.mockRestore();
    }
  });

  it('leave each network one place for a look', () => {
    const failures = on(0);
    const giveBack = failures.takePlace('2001:db8::1');
    expect(giveBack).toBeDefined();
    expect(failures.takePlace('2001:db8::2')).toBeUndefined();
    expect(failures.takePlace('192.0.2.1')).toBeDefined();
    giveBack?.();
    expect(failures.takePlace('2001:db8::2')).toBeDefined();
  });

  it('end with their block', async () => {
    const now = vi.spyOn(performance, 'now');
    try {
      const failures = on(0);
      for (let i = 0; i < 3; i++) failures.note('192.0.2.1');
      await blocked(failures, '192.0.2.1');
      const then = performance.now();
      now.mockImplementation(() => then + 61_000);
      expect(failures.blockedForMs('192.0.2.1')).toBeUndefined();
    } finally {
      now.mockRestore();
    }
  });

  it('block nobody, and throw nothing, while the database is away', async () => {
    const count = vi.fn(() => Promise.reject(new Error('connection refused')));
    const failures = new FailedAttempts(
      new PostgresThrottlerStorage({ count } as unknown as (typeof both.nodes)[0]['windows']),
      settings,
    );
    for (let i = 0; i < 10; i++) failures.note('192.0.2.1');
    await vi.waitFor(() => expect(count).toHaveBeenCalled());
    expect(failures.blockedForMs('192.0.2.1')).toBeUndefined();
  });
});
