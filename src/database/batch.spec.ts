import { describe, expect, it, vi } from 'vitest';
import { Batch } from './batch.js';

describe('a batch', () => {
  it('writes what comes in one turn of the event loop together, and gives each its result', async () => {
    const written: number[][] = [];
    const batch = new Batch<number, string>(
      (items) => {
        written.push([...items]);
        return Promise.resolve(items.map((item) => `wrote ${item}`));
      },
      () => true,
    );
    expect(await Promise.all([1, 2, 3].map((item) => batch.add(item)))).toEqual([
      'wrote 1',
      'wrote 2',
      'wrote 3',
    ]);
    expect(written).toEqual([[1, 2, 3]]);
  });

  it('gathers what comes while it writes for the next time', async () => {
    const written: number[][] = [];
    const { promise: first, resolve } = Promise.withResolvers<undefined>();
    const batch = new Batch<number, undefined>(
      async (items) => {
        written.push([...items]);
        if (written.length === 1) await first;
        return items.map(() => undefined);
      },
      () => true,
    );
    const done = [batch.add(1)];
    await vi.waitFor(() => expect(written).toHaveLength(1));
    done.push(batch.add(2), batch.add(3));
    resolve(undefined);
    await Promise.all(done);
    expect(written).toEqual([[1], [2, 3]]);
  });

  it('does not let one bad item fail the others', async () => {
    const batch = new Batch<number, number>(
      (items) =>
        items.includes(2) ? Promise.reject(new Error('bad item')) : Promise.resolve(items.map((n) => n * 10)),
      () => true,
    );
    const results = await Promise.allSettled([1, 2, 3].map((item) => batch.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('fails all at once when the database itself is gone', async () => {
    let writes = 0;
    const batch = new Batch<number, number>(
      () => {
        writes++;
        return Promise.reject(new Error('gone'));
      },
      () => false,
    );
    const results = await Promise.allSettled([1, 2, 3].map((item) => batch.add(item)));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(writes).toBe(1);
  });

  /** What PostgreSQL says to the victim of a deadlock. */
  const deadlock = (): Error => Object.assign(new Error('deadlock detected'), { code: '40P01' });

  it('tries again after a deadlock, and gives up after three attempts (H4)', async () => {
    let failures = 2;
    const written: number[][] = [];
    const batch = new Batch<number, number>(
      (items) => {
        written.push([...items]);
        return failures-- > 0 ? Promise.reject(deadlock()) : Promise.resolve(items);
      },
      () => false,
    );
    expect(await Promise.all([batch.add(1), batch.add(2)])).toEqual([1, 2]);
    expect(written).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    failures = 3;
    await expect(batch.add(3)).rejects.toThrow('deadlock detected');
    expect(written).toHaveLength(6);
  });
});
