import { describe, expect, it } from 'vitest';
import { Turns } from './turns.js';

/** Acts that end when they are told to, and what has begun of them. */
function acts() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const act = (name: string) => () => {
    begun.push(name);
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    return end.promise;
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const end = async (name: string) => {
    ends.get(name)?.resolve(name);
    await settled();
  };
  const fail = async (name: string) => {
    ends.get(name)?.reject(new Error(name));
    await settled();
  };
  return { begun, act, end, fail, settled };
}

const turnsOf = (atOnce: number, waiting = 10) =>
  new Turns({ atOnce, waiting, full: () => new Error('full') });

describe('turns', () => {
  it('come one at a time in a line, in its order, and lines do not wait for each other', async () => {
    const { begun, act, end, settled } = acts();
    const turns = turnsOf(10);
    const all = ['a1', 'a2', 'b1', 'a3'].map((name) => turns.inLine(name.slice(0, 1), act(name)));
    await settled();
    expect(begun).toEqual(['a1', 'b1']);
    await end('a1');
    expect(begun).toEqual(['a1', 'b1', 'a2']);
    for (const name of ['a2', 'a3', 'b1']) await end(name);
    expect(await Promise.all(all)).toEqual(['a1', 'a2', 'b1', 'a3']);
  });

  it('are so many at once at most, of all lines and those in none', async () => {
    const { begun, act, end, settled } = acts();
    const turns = turnsOf(2);
    for (const name of ['a1', 'x', 'b1', 'y']) {
      void (name.endsWith('1') ? turns.inLine(name, act(name)) : turns.inPlace(act(name)));
      await settled();
    }
    expect(begun).toEqual(['a1', 'x']);
    await end('x');
    expect(begun).toEqual(['a1', 'x', 'b1']);
    await end('a1');
    expect(begun).toEqual(['a1', 'x', 'b1', 'y']);
    await end('b1');
    await end('y');
    void turns.inPlace(act('z1'));
    void turns.inPlace(act('z2'));
    void turns.inPlace(act('z3'));
    await settled();
    expect(begun.slice(4)).toEqual(['z1', 'z2']);
  });

  it('are refused behind a line that is too long, and this one only', async () => {
    const { begun, act, end, settled } = acts();
    const turns = turnsOf(10, 2);
    const first = ['a1', 'a2', 'a3'].map((name) => turns.inLine('a', act(name)));
    await expect(turns.inLine('a', act('a4'))).rejects.toThrow('full');
    void turns.inLine('b', act('b1'));
    await settled();
    expect(begun).toEqual(['a1', 'b1']);
    await end('a1');
    void turns.inLine('a', act('a5'));
    for (const name of ['a2', 'a3', 'a5']) await end(name);
    expect(await Promise.all(first)).toEqual(['a1', 'a2', 'a3']);
    expect(begun).toEqual(['a1', 'b1', 'a2', 'a3', 'a5']);
  });

  it('pass on where an act fails', async () => {
    const { begun, act, end, fail, settled } = acts();
    const turns = turnsOf(1);
    const failing = turns.inLine('a', act('a1'));
    const next = turns.inLine('a', act('a2'));
    await settled();
    const told = expect(failing).rejects.toThrow('a1');
    await fail('a1');
    await told;
    await end('a2');
    expect(await next).toBe('a2');
    expect(begun).toEqual(['a1', 'a2']);
  });
});
