import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../errors/api-error.js';
import { wholeText } from './event-stream.fixture.js';
import { HEARTBEAT, listed, open, Script, settled } from './frame-script.fixture.js';

const KEEP_ALIVE = ': keep-alive\n\n';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const chunk = (value: string) => ({ done: false, value });
const END = { done: true, value: undefined };

describe('eventStream', () => {
  it('writes each frame as data, and [DONE] at the end', async () => {
    const { stream, seen } = open(listed({ a: 1 }, { b: 'x\ny' }));
    expect(await wholeText(stream)).toBe('data: {"a":1}\n\ndata: {"b":"x\\ny"}\n\ndata: [DONE]\n\n');
    expect(seen).toEqual({ starts: 1, stalls: 0, errors: [] });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('asks for nothing before it is read', () => {
    const script = new Script();
    open(script);
    expect(script.asked).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('hands a frame on as soon as it is there', async () => {
    const script = new Script();
    const { stream } = open(script);
    const first = stream.next();
    await script.give({ a: 1 });
    expect(await first).toEqual(chunk('data: {"a":1}\n\n'));
  });

  it('puts frames that came meanwhile into one chunk', async () => {
    const script = new Script();
    const { stream } = open(script);
    const first = stream.next();
    await script.give({ a: 1 });
    await first;
    await script.give({ b: 2 });
    await script.give({ c: 3 });
    await script.end();
    expect(await stream.next()).toEqual(chunk('data: {"b":2}\n\ndata: {"c":3}\n\ndata: [DONE]\n\n'));
    expect(await stream.next()).toEqual(END);
  });

  it('lets the producer wait when the reader does not come (B5)', async () => {
    let made = 0;
    const endless = (async function* () {
      while (true) yield await Promise.resolve({ number: made++, text: 'x'.repeat(1000) });
    })();
    const { stream } = open(endless);
    const { value } = await stream.next();
    await settled();
    expect(made).toBeLessThan(25);
    const before = made;
    const next = await stream.next();
    expect(String(value).length + String(next.value).length).toBeLessThan(20_000);
    await settled();
    expect(made).toBeGreaterThan(before);
    await stream.return(undefined);
  });

  it('refuses a second reader', async () => {
    const { stream } = open(new Script());
    void stream.next();
    await expect(stream.next()).rejects.toThrow('still being read');
    await stream.return(undefined);
  });

  it('ends after a frame that is no JSON, and ends its producer', async () => {
    const script = new Script();
    const { stream, seen } = open(script);
    const first = stream.next();
    await script.give({ a: 1 });
    await first;
    await script.give({ a: 1n });
    expect((await stream.next()).value).toContain('data: {"error":{');
    expect(await stream.next()).toEqual(END);
    expect(script.returned).toBe(1);
    expect(seen.errors).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('silence of the frames', () => {
  it('is broken by comments, as often as it lasts (A18)', async () => {
    const script = new Script();
    const { stream, seen } = open(script);
    for (let beat = 1; beat <= 3; beat++) {
      let isThere = false;
      const next = stream.next().finally(() => (isThere = true));
      await vi.advanceTimersByTimeAsync(HEARTBEAT - 1);
      expect(isThere).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(await next).toEqual(chunk(KEEP_ALIVE));
    }
    expect(seen.starts).toBe(1);
    const next = stream.next();
    await script.give({ a: 1 });
    expect(await next).toEqual(chunk('data: {"a":1}\n\n'));
    await stream.return(undefined);
  });

  it('is waited through with one question and one listener', async () => {
    const script = new Script();
    const { stream } = open(script);
    for (let beat = 0; beat < 1000; beat++) {
      const next = stream.next();
      await vi.advanceTimersByTimeAsync(HEARTBEAT);
      await next;
    }
    expect(script.asked).toBe(1);
    expect(script.listeners).toBe(1);
    expect(vi.getTimerCount()).toBe(1);
    await stream.return(undefined);
  });
});

describe('errors of the frames', () => {
  it('are thrown on before the first chunk', async () => {
    const script = new Script();
    const { stream, seen } = open(script);
    const first = stream.next();
    const error = new ApiError('model_not_found');
    void script.fail(error);
    await expect(first).rejects.toBe(error);
    expect(await stream.next()).toEqual(END);
    expect(seen).toEqual({ starts: 0, stalls: 0, errors: [] });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('become a frame after the first chunk, and nothing follows it', async () => {
    const script = new Script();
    const { stream, seen } = open(script);
    const first = stream.next();
    await script.give({ a: 1 });
    await first;
    const rest = wholeText(stream);
    await script.fail(new ApiError('model_not_found', { message: 'No\n\nmodel.', param: 'model' }));
    expect(await rest).toBe(
      'data: {"error":{"message":"No\\n\\nmodel.","type":"invalid_request_error","param":"model","code":"model_not_found"}}\n\n',
    );
    expect(seen.errors).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('become a frame after a comment, which has sent the headers', async () => {
    const script = new Script();
    const { stream } = open(script);
    const first = stream.next();
    await vi.advanceTimersByTimeAsync(HEARTBEAT);
    await first;
    const rest = wholeText(stream);
    await script.fail(new Error('secret'));
    expect(await rest).toMatch(/^data: \{"error":\{"message":"[^"]+","type":"server_error"/);
    expect(await rest).not.toContain('secret');
  });

  it('come after the text that was made before them', async () => {
    const script = new Script();
    const { stream } = open(script);
    const first = stream.next();
    await script.give({ a: 1 });
    await first;
    await script.give({ b: 2 });
    await script.fail(new ApiError('upstream_timeout'));
    expect((await stream.next()).value).toMatch(/^data: \{"b":2\}\n\ndata: \{"error":/);
    expect(await stream.next()).toEqual(END);
  });

  it('are not told to a caller who has gone', async () => {
    const script = new Script();
    const { stream } = open(script);
    const first = stream.next();
    await script.give({ a: 1 });
    await first;
    const rest = wholeText(stream);
    await script.fail(new ApiError('client_closed_request'));
    expect(await rest).toBe('');
    expect(vi.getTimerCount()).toBe(0);
  });
});
