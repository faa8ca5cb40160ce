// Work on a list, some of it at the same time, with the outcome that work in order would have had.

/**
 * Maps items, at most `width` at a time. Of several failures the one of the earliest item is thrown, whichever
 * came first: what stands after a failed item is stopped, what stands before it is waited for.
 *
 * @param signal stops everything; its reason is thrown
 */
export async function mapInOrder<Item, Result>(
  items: readonly Item[],
  { width, signal }: { width: number; signal: AbortSignal },
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const running = new Map<number, AbortController>();
  let firstFailure = items.length;
  let failure: unknown;
  let next = 0;
  const fail = (index: number, error: unknown): void => {
    if (index >= firstFailure) return;
    [firstFailure, failure] = [index, error];
    for (const [other, controller] of running) if (other > index) controller.abort(error);
  };
  const run = async (): Promise<void> => {
    while (next < firstFailure && !signal.aborted) {
      const index = next++;
      const stop = new AbortController();
      running.set(index, stop);
      try {
        results[index] = await work(items[index] as Item, AbortSignal.any([signal, stop.signal]));
      } catch (error) {
        fail(index, error);
      } finally {
        running.delete(index);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, run));
  signal.throwIfAborted();
  if (firstFailure < items.length) throw failure;
  return results;
}
