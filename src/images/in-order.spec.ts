import { describe, expect, it } from 'vitest';
import { mapInOrder } from './in-order.js';

/** Work whose end a test decides. */
function manual() {
  const started: number[] = [];
  const aborted: number[] = [];
  const ends = new Map<number, PromiseWithResolvers<string>>();
  const work = (item: number, signal: AbortSignal): Promise<string> => {
    const end = Promise.withResolvers<string>();
    ends.set(item, end);
    started.push(item);
    signal.addEventListener('abort', () => {
      aborted.push(item);
      end.reject(signal.reason as Error);
    });
    return end.promise;
  };
  const settle = async (act: (end: PromiseWithResolvers<string>) => void, item: number): Promise<void> => {
    act(ends.get(item) as PromiseWithResolvers<string>);
    await new Promise(setImmediate);
  };
  return {
    started,
    aborted,
    work,
    done: (item: number) => settle((end) => end.resolve(`done ${item}`), item),
    fail: (item: number) => settle((end) => end.reject(new Error(`failed ${item}`)), item),
  };
}

const forever = new AbortController().signal;

describe('work in order', () => {
  it('gives results in the order of the items, whichever is done first', async () => {
    const { work, done } = manual();
    const results = mapInOrder([0, 1, 2], { width: 3, signal: forever }, work);
    for (const item of [2, 0, 1]) await done(item);
    await expect(results).resolves.toEqual(['done 0', 'done 1', 'done 2']);
  });

  it('does no more at the same time than it may', async () => {
    const { work, done, started } = manual();
    const results = mapInOrder([0, 1, 2, 3], { width: 2, signal: forever }, work);
    expect(started).toEqual([0, 1]);
    await done(1);
    expect(started).toEqual([0, 1, 2]);
    for (const item of [0, 2, 3]) await done(item);
    await expect(results).resolves.toHaveLength(4);
  });

  it('throws the failure of the earliest item, though a later one failed first', async () => {
    const { work, fail, aborted } = manual();
    const results = mapInOrder([0, 1, 2], { width: 3, signal: forever }, work);
    const outcome = expect(results).rejects.toThrow('failed 0');
    await fail(1);
    expect(aborted).toEqual([2]);
    await fail(0);
    await outcome;
  });

  it('begins nothing behind a failed item, and waits for what stands before it', async () => {
    const { work, done, fail, started } = manual();
    const results = mapInOrder([0, 1, 2, 3], { width: 2, signal: forever }, work);
    const outcome = expect(results).rejects.toThrow('failed 1');
    await fail(1);
    await done(0);
    await outcome;
    expect(started).toEqual([0, 1]);
  });

  it('stops everything when it is told to, with the reason it was given', async () => {
    const { work, aborted, started } = manual();
    const stop = new AbortController();
    const results = mapInOrder([0, 1, 2], { width: 2, signal: stop.signal }, work);
    stop.abort(new Error('gone'));
    await expect(results).rejects.toThrow('gone');
    expect(aborted).toEqual([0, 1]);
    expect(started).toEqual([0, 1]);
  });

  it('has nothing to do for no items', async () => {
    await expect(mapInOrder([], { width: 4, signal: forever }, manual().work)).resolves.toEqual([]);
  });
});
