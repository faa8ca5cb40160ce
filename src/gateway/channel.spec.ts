import { describe, expect, it } from 'vitest';
import { Channel } from './channel.js';

async function read<Value>(channel: Channel<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for await (const value of channel.values()) values.push(value);
  return values;
}

describe('a channel', () => {
  it('hands on everything in order, whether it came before or after the reader', async () => {
    const channel = new Channel<number>();
    void channel.write(1);
    const reading = read(channel);
    await new Promise((resolve) => setImmediate(resolve));
    void channel.write(2);
    void channel.write(3);
    channel.close();
    expect(await reading).toEqual([1, 2, 3]);
  });

  it('tells of a failure after what came before it', async () => {
    const channel = new Channel<number>();
    void channel.write(1);
    channel.fail(new Error('broken'));
    const values: number[] = [];
    const reading = (async () => {
      for await (const value of channel.values()) values.push(value);
    })();
    await expect(reading).rejects.toThrow('broken');
    expect(values).toEqual([1]);
  });

  it('makes writers wait when the reader does not keep up (B5)', async () => {
    const channel = new Channel<number>();
    let written = 0;
    const writing = (async () => {
      for (let value = 0; value < 100; value++) {
        await channel.write(value);
        written += 1;
      }
      channel.close();
    })();
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBeLessThan(20);
    expect((await read(channel)).length).toBe(100);
    await writing;
  });

  it('lets writers go when the reader leaves', async () => {
    const channel = new Channel<number>();
    const writes = Array.from({ length: 50 }, (_, value) => channel.write(value));
    for await (const value of channel.values()) if (value === 3) break;
    await Promise.all(writes.map((write) => Promise.resolve(write)));
    expect(channel.write(51)).toBeUndefined();
  });
});
