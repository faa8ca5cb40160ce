import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { request } from 'undici';
import { call, create, echo, ended, read, type Answer } from '../sandbox.fixture.js';
import { startSandbox, type Sandbox } from '../sandbox.js';
import { outputs, readStream, streamUrl } from '../streams/stream.fixture.js';
import type { Fault } from '../faults/fault.js';

const LLAVA = '80537f9eead1a5bfa72d5ac6ea6414379be41d4d4f6679fd776e9535d1eb58bb';
let sandbox: Sandbox;
let later = 0;

beforeAll(async () => {
  sandbox = await startSandbox({ model: echo, streamIdle: 150, clock: () => Date.now() + later });
});
afterEach(() => {
  sandbox.reset();
  later = 0;
});
afterAll(() => sandbox.close());

function ask(fault: Fault = {}, version = LLAVA): Promise<Answer> {
  sandbox.script(fault);
  return create(sandbox, { version });
}

describe('the stream of a model that gives its output in pieces', () => {
  it('is, byte for byte, a greeting, the pieces and the end', async () => {
    const created = await ask({ run: 40, output: ['Once', ' upon\n a', ''] });
    const second = Math.floor(Date.parse(String(created.body.created_at)) / 1000);
    const stream = await readStream(streamUrl(created));
    expect(streamUrl(created)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1\/streams\/[a-z2-7]{52}$/);
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(stream.text).toBe(
      `: hi\n\nevent: output\nid: ${second}:0\ndata: Once\n\nevent: output\nid: ${second}:1\ndata:  upon\ndata:  a\n\nevent: output\nid: ${second}:2\ndata: \n\nevent: done\ndata: {}\n\n`,
    );
  });

  it('brings the pieces while the prediction runs', async () => {
    const created = await ask({ run: 60_000, output: ['a', ...Array<string>(100_000).fill('b')] });
    const { body } = await request(streamUrl(created));
    let text = '';
    for await (const chunk of body as AsyncIterable<Buffer>) {
      text += chunk.toString();
      if (text.includes('data: a')) break;
    }
    expect((await read(sandbox, created)).body.status).toBe('processing');
  });

  it('has as many pieces as are scripted, to a hundred thousand, whatever the reader does', async () => {
    const output = Array.from({ length: 100_000 }, (_, index) => `${index} `);
    const created = await ask({ output });
    const { body } = await request(streamUrl(created));
    // The reader is late: the writer waits for it.
    await ended(sandbox, created);
    expect((await body.text()).match(/^event: output$/gm)).toHaveLength(100_000);
    expect(outputs(await readStream(streamUrl(created)))).toEqual(output);
  });

  it('breaks off while the prediction goes on and succeeds, and shows in a read how far it is', async () => {
    const output = Array.from('abcdefghijklmnopqrstuvwxyz0123');
    const created = await ask({ run: 1500, output, onStream: { kind: 'cut', after: 2, times: 99 } });
    const stream = await readStream(streamUrl(created));
    expect([outputs(stream), stream.end]).toEqual([['a', 'b'], 'broken']);
    const { body } = await read(sandbox, created);
    expect(body.status).toBe('processing');
    expect(output.slice(0, (body.output as string[]).length)).toEqual(body.output);
    expect((await ended(sandbox, created)).body).toMatchObject({ status: 'succeeded', output });
  });

  it('can be read again, from the start or from an event', async () => {
    const created = await ask({ output: ['a', 'b', 'c'] });
    await ended(sandbox, created);
    const first = await readStream(streamUrl(created));
    const headers = { 'last-event-id': first.events[0]?.id ?? '' };
    const rest = await readStream(streamUrl(created), { headers });
    expect(outputs(first)).toEqual(['a', 'b', 'c']);
    expect(rest.events).toEqual(first.events.slice(1));
  });

  it.each<[Fault, object[]]>([
    [
      { fail: 'CUDA out of memory', output: ['a'] },
      [
        { event: 'output', data: 'a' },
        { event: 'error', data: '{"detail":"CUDA out of memory"}' },
        { event: 'done', data: '{"reason":"error"}' },
      ],
    ],
    [{ abort: true }, [{ event: 'done', data: '{"reason":"canceled"}' }]],
    [{ output: null }, [{ event: 'done', data: '{}' }]],
    [{ output: 'one string' }, [{ data: 'one string' }, { event: 'done' }]],
  ])('says how a prediction with %j ended', async (fault, events) => {
    expect((await readStream(streamUrl(await ask(fault)))).events).toMatchObject(events);
  });

  it('says that the prediction was canceled, after what was out', async () => {
    const created = await ask({ run: 60_000, output: ['a', ...Array<string>(100_000).fill('b')] });
    const streamed = readStream(streamUrl(created));
    while (((await read(sandbox, created)).body.output as string[] | null)?.[0] !== 'a');
    await call('POST', (created.body.urls as { cancel: string }).cancel);
    const stream = await streamed;
    expect(outputs(stream)[0]).toBe('a');
    expect(stream.events.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"canceled"}' });
  });
});

describe('the stream of a model that gives its output at once', () => {
  it('has one event just before the end', async () => {
    const created = await create(sandbox);
    expect((await readStream(streamUrl(created))).events).toMatchObject([
      { event: 'output', data: 'Hello (1)' },
      { event: 'done', data: '{}' },
    ]);
  });

  it('can be left out, there or everywhere', async () => {
    const iterators = await startSandbox({ model: echo, streams: 'iterators' });
    const none = await startSandbox({ model: echo, streams: false });
    const urls = async (of: Sandbox, version?: string) =>
      (await create(of, version === undefined ? {} : { version })).body.urls;
    expect(await urls(iterators)).not.toHaveProperty('stream');
    expect(await urls(iterators, LLAVA)).toHaveProperty('stream');
    expect(await urls(none, LLAVA)).not.toHaveProperty('stream');
    await Promise.all([iterators.close(), none.close()]);
  });
});

describe('a reader', () => {
  it('needs no token, and is seen when it sends one', async () => {
    const created = await ask();
    await readStream(streamUrl(created));
    await readStream(streamUrl(created), { headers: { authorization: 'Bearer r8_secret' } });
    const [without, given] = sandbox.requests.filter(({ path }) => path.includes('/streams/'));
    expect(without?.headers).not.toHaveProperty('authorization');
    expect(given?.headers.authorization).toBe('present');
  });

  it('is sent away after a time without events, when it stays after the end too', async () => {
    const hanging = await readStream(streamUrl(await ask({ hang: true })), { toTheEnd: true });
    expect(hanging).toMatchObject({ text: ': hi\n\n:408: 408 Request Timeout\n\n', end: 'ended' });
    const ended = await readStream(streamUrl(await ask()), { toTheEnd: true });
    expect(ended.text).toMatch(/event: done\ndata: {}\n\n:408: 408 Request Timeout\n\n$/);
  });

  it('hears nothing once the data are removed, and does not find another stream', async () => {
    const created = await ask();
    await ended(sandbox, created);
    later = 3_601_000;
    expect((await readStream(streamUrl(created), { toTheEnd: true })).events).toEqual([]);
    expect((await readStream(streamUrl(created).replace(/.$/, '1'))).status).toBe(404);
  });

  it('is cut off by a reset', async () => {
    const reading = readStream(streamUrl(await ask({ hang: true })), { toTheEnd: true });
    while (!sandbox.requests.some(({ path }) => path.includes('/streams/'))) await new Promise(setImmediate);
    sandbox.reset();
    expect((await reading).events).toEqual([]);
  });
});
