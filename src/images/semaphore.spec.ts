import { describe, expect, it } from 'vitest';
import { Semaphore } from './semaphore.js';

const forever = new AbortController().signal;
const turn = () => new Promise(setImmediate);

describe('a semaphore', () => {
  it('lets no more in than it has places, and the others in the order they came', async () => {
    const semaphore = new Semaphore(2);
    const inside: number[] = [];
    const ends = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const runs = ends.map((end, i) =>
      semaphore.run(forever, () => {
        inside.push(i);
        return end.promise;
      }),
    );
    await turn();
    expect(inside).toEqual([0, 1]);
    ends[1]?.resolve();
    await turn();
    expect(inside).toEqual([0, 1, 2]);
    for (const end of ends) end.resolve();
    await Promise.all(runs);
    expect(inside).toEqual([0, 1, 2, 3]);
  });

  it('gives a place back when the work fails', async () => {
    const semaphore = new Semaphore(1);
    await expect(semaphore.run(forever, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(semaphore.run(forever, () => Promise.resolve('yes'))).resolves.toBe('yes');
  });

  it('keeps no place for who has given up waiting', async () => {
    const semaphore = new Semaphore(1);
    const first = Promise.withResolvers<string>();
    const running = semaphore.run(forever, () => first.promise);
    const impatient = new AbortController();
    const given = semaphore.run(impatient.signal, () => Promise.resolve('never'));
    impatient.abort(new Error('gave up'));
    await expect(given).rejects.toThrow('gave up');
    first.resolve('first');
    await running;
    await expect(semaphore.run(forever, () => Promise.resolve('second'))).resolves.toBe('second');
  });

  it('begins nothing for who has given up before', async () => {
    await expect(
      new Semaphore(1).run(AbortSignal.abort(new Error('gone')), () => Promise.resolve()),
    ).rejects.toThrow('gone');
  });
});
