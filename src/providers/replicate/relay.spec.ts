import { describe, expect, it } from 'vitest';
import { Relay } from './relay.js';

function listening(): { relay: Relay; heard: string[] } {
  const heard: string[] = [];
  const relay = new Relay((piece) => {
    heard.push(piece);
    return undefined;
  });
  return { relay, heard };
}

describe('an answer that is handed on while it is made (A19)', () => {
  it('is handed on piece by piece, each once, though a new connection begins again', async () => {
    const { relay, heard } = listening();
    await relay.take('A ', 0);
    await relay.take('red', 2);
    await relay.take('A ', 0);
    await relay.take('red bi', 2);
    await relay.finish('A red bicycle.');
    expect(heard).toEqual(['A ', 'red', ' bi', 'cycle.']);
  });

  it('is handed on whole at the end where nothing came before', async () => {
    const { relay, heard } = listening();
    await relay.finish('A red bicycle.');
    expect(heard).toEqual(['A red bicycle.']);
  });

  it('leaves a gap to the end', async () => {
    const { relay, heard } = listening();
    await relay.take('cycle', 8);
    await relay.finish('A red bicycle.');
    expect(heard.join('')).toBe('A red bicycle.');
  });

  it('takes line ends that were changed on the way for the same', async () => {
    const { relay, heard } = listening();
    await relay.take('one\ntwo', 0);
    await relay.finish('one\r\ntwo\r\nthree');
    expect(heard).toEqual(['one\ntwo', '\nthree']);
  });

  it('fails where the whole answer is another one', async () => {
    const { relay, heard } = listening();
    await relay.take('A red', 0);
    await expect(relay.finish('A blue bicycle.')).rejects.toMatchObject({
      reason: 'upstream_invalid_response',
      billed: true,
    });
    expect(heard).toEqual(['A red']);
  });

  it('says nothing after the end', async () => {
    const { relay, heard } = listening();
    await relay.finish('done');
    await relay.take('more', 4);
    expect(heard).toEqual(['done']);
  });

  it('waits for a listener who needs time', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const relay = new Relay(() => promise);
    let isTaken = false;
    const taking = relay.take('A', 0).then(() => (isTaken = true));
    await new Promise((next) => setImmediate(next));
    expect(isTaken).toBe(false);
    resolve();
    await taking;
  });
});
