import { describe, expect, it } from 'vitest';
import { TenantPlaces } from './tenant-places.js';

const forever = new AbortController().signal;
const turn = () => new Promise(setImmediate);

/** Work that lasts until it is ended. */
function openWork(places: TenantPlaces) {
  const running: string[] = [];
  const ends: (() => void)[] = [];
  const start = (tenantId: string, signal = forever): Promise<void> =>
    places.run(tenantId, signal, () => {
      running.push(tenantId);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
  return { running, ends, start };
}

describe('places that tenants share', () => {
  it('are never all taken by one of them, however much it asks for (F10)', async () => {
    const { running, ends, start } = openWork(new TenantPlaces(4, 3));
    const all = Array.from({ length: 20 }, () => start('a'));
    await turn();
    expect(running).toEqual(['a', 'a', 'a']);
    all.push(start('b'));
    await turn();
    expect(running.at(-1)).toBe('b');
    while (running.length < 21 || ends.length > 0) {
      ends.shift()?.();
      await turn();
    }
    await Promise.all(all);
  });

  it('are no more than there are, whoever asks', async () => {
    const { running, ends, start } = openWork(new TenantPlaces(4, 3));
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((tenantId) => start(tenantId));
    await turn();
    expect(running).toHaveLength(4);
    while (ends.length > 0) {
      ends.shift()?.();
      await turn();
    }
    await Promise.all(all);
    expect(running).toHaveLength(6);
  });

  it('are given back when work fails, and when nobody waits for it any more', async () => {
    const places = new TenantPlaces(2, 1);
    await expect(places.run('a', forever, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const { running, ends, start } = openWork(places);
    const first = start('a');
    const hangUp = new AbortController();
    const second = start('a', hangUp.signal);
    hangUp.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    ends[0]?.();
    await first;
    expect([running, places.tenantCount]).toEqual([['a'], 0]);
  });
});
