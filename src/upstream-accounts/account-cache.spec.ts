import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { upstreamAccount, type UpstreamAccount } from '../inference/upstream-account.js';
import { AccountCache } from './account-cache.js';

const account = (id: string) => upstreamAccount(id, 'r8_token');

let stored: Map<string, UpstreamAccount>;
let isHearing: boolean;
const load = vi.fn((tenantId: string) => Promise.resolve(stored.get(tenantId)));
let cache: AccountCache;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  stored = new Map([['ten_a', account('ten_a:1')]]);
  isHearing = true;
  load.mockClear();
  cache = new AccountCache({ load, isHearing: () => isHearing });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the cache of accounts', () => {
  it('asks once for a tenant with an account and once for one without', async () => {
    for (let times = 0; times < 3; times++) {
      expect((await cache.find('ten_a'))?.id).toBe('ten_a:1');
      expect(await cache.find('ten_none')).toBeUndefined();
    }
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('asks once for all who ask at the same time', async () => {
    await Promise.all([cache.find('ten_a'), cache.find('ten_a'), cache.find('ten_a')]);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('forgets the tenant that changed, and no other', async () => {
    await cache.find('ten_a');
    await cache.find('ten_none');
    stored.delete('ten_a');
    cache.forget('ten_a');
    expect(await cache.find('ten_a')).toBeUndefined();
    await cache.find('ten_none');
    expect(load).toHaveBeenCalledTimes(3);
  });

  it.each([
    ['that tenant', 'ten_a'],
    ['all', undefined],
  ])('keeps nothing that was read before %s was forgotten', async (_, forgotten) => {
    const late = Promise.withResolvers<UpstreamAccount | undefined>();
    load.mockImplementationOnce(() => late.promise);
    const before = cache.find('ten_a');
    cache.forget(forgotten);
    stored.delete('ten_a');
    const after = cache.find('ten_a');
    late.resolve(account('ten_a:old'));
    expect((await before)?.id).toBe('ten_a:old');
    expect(await after).toBeUndefined();
    expect(await cache.find('ten_a')).toBeUndefined();
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('keeps no failure', async () => {
    load.mockRejectedValueOnce(new Error('no database'));
    await expect(cache.find('ten_a')).rejects.toThrow('no database');
    expect((await cache.find('ten_a'))?.id).toBe('ten_a:1');
  });

  it.each([
    [true, 59_000, 61_000],
    [false, 900, 1100],
  ])('believes for a while what it has read (changes are heard of: %s)', async (hears, before, after) => {
    isHearing = hears;
    await cache.find('ten_a');
    vi.advanceTimersByTime(before);
    await cache.find('ten_a');
    expect(load).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(after - before);
    await cache.find('ten_a');
    expect(load).toHaveBeenCalledTimes(2);
  });
});
