import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { create, echo } from '../sandbox.fixture.js';
import { startSandbox, type Sandbox } from '../sandbox.js';
import type { CourseFault } from '../faults/fault.js';
import { outputs, readStream, streamUrl } from './stream.fixture.js';

const LLAVA = '80537f9eead1a5bfa72d5ac6ea6414379be41d4d4f6679fd776e9535d1eb58bb';
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ model: echo });
});
afterEach(() => {
  sandbox.reset();
});
afterAll(() => sandbox.close());

async function meet(onStream: NonNullable<CourseFault['onStream']>) {
  sandbox.script({ onStream, output: ['a', 'b', 'ü\nü', 'd'] });
  const url = streamUrl(await create(sandbox, { version: LLAVA }));
  const first = await readStream(url);
  return { first, second: await readStream(url), url };
}

describe('a stream fault', () => {
  it('lasts as many connections as told', async () => {
    const { first, second } = await meet({ kind: 'none' });
    expect(first.status).toBe(404);
    expect(outputs(second)).toEqual(['a', 'b', 'ü\nü', 'd']);
    const refused = await meet({ status: 503, times: 2 });
    expect([refused.first.status, refused.second.status]).toEqual([503, 503]);
  });

  it('breaks the connection after so many events, from where it can be resumed', async () => {
    const { first, url } = await meet({ kind: 'cut', after: 2 });
    expect(first.end).toBe('broken');
    expect(outputs(first)).toEqual(['a', 'b']);
    const headers = { 'last-event-id': first.events.at(-1)?.id ?? '' };
    expect(outputs(await readStream(url, { headers }))).toEqual(['ü\nü', 'd']);
  });

  it('leaves out the end', async () => {
    const { first } = await meet({ kind: 'noDone' });
    expect(first).toMatchObject({ end: 'ended' });
    expect(outputs(first)).toEqual(['a', 'b', 'ü\nü', 'd']);
  });

  it('ends with an error', async () => {
    const { first } = await meet({ kind: 'errorEvent', after: 1 });
    expect(first.events).toMatchObject([
      { event: 'output', data: 'a' },
      { event: 'error', data: '{"detail":"Something went wrong"}' },
      { event: 'done', data: '{"reason":"error"}' },
    ]);
  });

  it('stalls, and goes on if told', async () => {
    const { first } = await meet({ kind: 'stall', after: 1, ms: 30 });
    expect(outputs(first)).toEqual(['a', 'b', 'ü\nü', 'd']);
    sandbox.script({ onStream: { kind: 'stall' } });
    const url = streamUrl(await create(sandbox, { version: LLAVA }));
    await expect(fetch(url, { signal: AbortSignal.timeout(100) }).then((r) => r.text())).rejects.toThrow();
  });

  it('adds what a reader has to skip, and an end that is no JSON', async () => {
    const { first } = await meet({ kind: 'malformed', after: 1 });
    expect(first.text).toContain('<html>');
    expect(outputs(first)).toEqual(['a', 'b', 'ü\nü', 'd']);
    expect(first.events.map(({ event }) => event)).toContain('telemetry');
    expect(() => JSON.parse(first.events.at(-1)?.data ?? '') as unknown).toThrow(SyntaxError);
  });

  it('writes the same events in another form', async () => {
    const { first } = await meet({ kind: 'awkward' });
    expect(first.text).not.toContain('\n');
    expect(outputs(first)).toEqual(['a', 'b', 'ü\nü', 'd']);
  });

  it('writes a line that is as long as asked', async () => {
    const { first } = await meet({ kind: 'hugeLine', after: 1, size: 3_000_000 });
    expect(outputs(first).map(({ length }) => length)).toEqual([1, 3_000_000, 1, 3, 1]);
    expect(first.end).toBe('done');
  });

  it('repeats events under their ids', async () => {
    const { first } = await meet({ kind: 'duplicateIds' });
    expect(outputs(first)).toEqual(['a', 'a', 'b', 'b', 'ü\nü', 'ü\nü', 'd', 'd']);
    expect(new Set(first.events.filter(({ id }) => id).map(({ id }) => id)).size).toBe(4);
  });
});
