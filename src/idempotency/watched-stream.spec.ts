import { describe, expect, it } from 'vitest';
import { isStreamed, watched } from './watched-stream.js';

function watch(stream: AsyncGenerator<string, void, undefined>) {
  const ends: unknown[] = [];
  const seen = watched(stream, (failure) => Promise.resolve(void ends.push(failure?.thrown ?? 'over')));
  return { seen, ends };
}

async function* pieces(failure?: Error): AsyncGenerator<string, void, undefined> {
  yield 'a';
  yield await Promise.resolve('b');
  if (failure) throw failure;
}

describe('a watched stream', () => {
  it('passes on every piece, and tells of its end once', async () => {
    const { seen, ends } = watch(pieces());
    const read: unknown[] = [];
    for await (const piece of seen) read.push(piece);
    await seen.return(undefined);
    expect([read, ends]).toEqual([['a', 'b'], ['over']]);
  });

  it('tells what it failed of, and fails', async () => {
    const failure = new Error('broken');
    const { seen, ends } = watch(pieces(failure));
    await seen.next();
    await seen.next();
    await expect(seen.next()).rejects.toBe(failure);
    expect(ends).toEqual([failure]);
  });

  it('tells of a reader who leaves, also before the first piece', async () => {
    for (const read of [0, 1]) {
      const { seen, ends } = watch(pieces());
      for (let piece = 0; piece < read; piece++) await seen.next();
      await seen.return(undefined);
      expect(ends).toEqual(['over']);
    }
  });

  it('is known from other answers', () => {
    expect([pieces(), {}, 'a', null, undefined, new Response('a')].map(isStreamed)).toEqual([
      true,
      ...[false, false, false, false, false],
    ]);
  });
});
