import { describe, expect, it } from 'vitest';
import { framesOf } from './frames.js';

async function* counting(until: number, onEnd: () => void): AsyncGenerator<number, string, undefined> {
  try {
    for (let number = 0; number < until; number++) yield await Promise.resolve(number);
    return 'end';
  } finally {
    onEnd();
  }
}

const twice = (number: number) => [{ number }, { again: number }];
const end = (value: string) => [{ value }];

describe('framesOf', () => {
  it('gives the frames of each event and of the end, in order', async () => {
    const frames = [];
    for await (const frame of framesOf(
      counting(2, () => undefined),
      twice,
      end,
    ))
      frames.push(frame);
    expect(frames).toEqual([{ number: 0 }, { again: 0 }, { number: 1 }, { again: 1 }, { value: 'end' }]);
  });

  it('ends the events when it is left early', async () => {
    let ended = 0;
    for await (const frame of framesOf(
      counting(9, () => ended++),
      twice,
      end,
    )) {
      expect(frame).toEqual({ number: 0 });
      break;
    }
    expect(ended).toBe(1);
  });

  it('throws on what the events throw, without an end', async () => {
    const failing = (async function* (): AsyncGenerator<number, string, undefined> {
      yield await Promise.resolve(1);
      throw new Error('broken');
    })();
    const seen: object[] = [];
    const read = async () => {
      for await (const frame of framesOf(failing, twice, end)) seen.push(frame);
    };
    await expect(read()).rejects.toThrow('broken');
    expect(seen).toEqual([{ number: 1 }, { again: 1 }]);
  });
});
