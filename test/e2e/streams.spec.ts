// Streams as callers see them: what comes, in what order, while what happens at the provider.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { countTokens, truncateToTokens } from '../../src/tokenizer/llama-tokenizer.js';
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';
import { startGateway, temporaryFolder } from '../support/process.js';
import {
  chat,
  openStream,
  readStream,
  residentMemory,
  type Streaming,
  type StreamSent,
} from '../support/stream-reader.js';

/** Gives its answer whole, in the end. */
const PHI = 'cerebro-phi3.5-vision-instruct';
/** Gives its answer in pieces, and can be held to no limit of tokens. */
const MOONDREAM = 'lucataco/moondream2';

const IMAGE = 'https://example.com/image.jpg';

/** What Replicate says of an input that is not as the model's schema has it. */
const INVALID = { status: 422, title: 'Input validation failed', detail: '- input: no', invalid_fields: [] };

const settings = { models: ['*'], createsPerMinute: 1_000_000 };
let gateway: TestGateway;
/** The same with comments after short silences. */
let talkative: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ settings });
  talkative = await startTestGateway({ beside: gateway, settings: { ...settings, streamHeartbeatMs: 150 } });
});
afterAll(async () => {
  await talkative.close();
  await gateway.close();
});
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

const bill = () => gateway.sandbox.bill.entries;
const ended = () => eventually('the prediction has ended', () => bill().every((entry) => entry.completedAt));
const completion = (model: string, changes: object = {}): StreamSent => ({
  path: '/v1/completions',
  body: { model, prompt: 'Tell me.', image_urls: IMAGE, ...changes },
});

describe('a model that streams', () => {
  it.each([
    ['chat', chat('Tell me.', { stream_options: { include_usage: true } })],
    ['completions', completion('yorickvp/llava-13b', { stream_options: { include_usage: true } })],
  ])('is relayed token by token: the first comes while the prediction runs (%s)', async (_, sent) => {
    const output = ['A ', 'red ', 'bicycle', '.'];
    gateway.sandbox.script({ run: 2000, output });
    const stream = await openStream(gateway, sent);
    const statuses: string[] = [];
    for (let count = 1; count <= 3; count++) {
      await eventually('another piece', () => stream.pieces.length >= count);
      statuses.push(bill()[0]?.status ?? '');
    }
    expect(statuses).toEqual(['processing', 'processing', 'processing']);
    await stream.toEnd();
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8' });
    expect(stream.pieces.map(({ text }) => text)).toEqual(output);
    expect(stream).toMatchObject({ isDone: true, end: 'whole' });
    expect(stream.finishReason()).toBe('stop');
    expect(stream.usage).toMatchObject({ completion_tokens: countTokens(output.join('')) });
    expect(stream.chunks.at(-1)).toMatchObject({ choices: [], usage: stream.usage });
    expect(stream.chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  it('gives the same text, end and usage as without a stream', async () => {
    const output = ['A ', 'Zürich ', 'tr', 'am 🚋', '.\n', ' ', 'It', "'s", ' blue.'];
    gateway.sandbox.script({ run: 400, output, times: 2 });
    const { body } = chat('Tell me.');
    const stream = await readStream(gateway, chat('Tell me.', { stream_options: { include_usage: true } }));
    const { json } = await gateway.send('/v1/chat/completions', { method: 'POST', body });
    expect(json).toMatchObject({
      choices: [{ message: { content: stream.textOf() }, finish_reason: stream.finishReason() }],
      usage: stream.usage,
    });
    expect(stream.textOf()).toBe(output.join(''));
  });

  it('cuts at a stop text that lies across pieces, and cancels what would follow', async () => {
    const output = ['one ', 'tw', 'o th', 'r', 'ee four', ...Array.from({ length: 95 }, () => ' more')];
    gateway.sandbox.script({ run: 20_000, output });
    const stream = await readStream(gateway, chat('Count.', { stop: ['two three', 'never'] }));
    expect(stream.textOf()).toBe('one ');
    expect([stream.finishReason(), stream.isDone]).toEqual(['stop', true]);
    await ended();
    expect(bill()).toMatchObject([{ status: 'canceled' }]);
  });

  it('shows what only looked like the beginning of a stop text', async () => {
    gateway.sandbox.script({ run: 500, output: ['one ', 'tw', 'o th', 'ink', 'ers tw', 'o'] });
    const stream = await readStream(gateway, chat('Count.', { stop: 'two three' }));
    expect(stream.textOf()).toBe('one two thinkers two');
    expect(bill()).toMatchObject([{ status: 'succeeded' }]);
  });

  it('is cut at a token limit that its model does not know, and cancelled', async () => {
    const output = Array.from({ length: 100 }, (_, i) => `word${i} `);
    gateway.sandbox.script({ run: 20_000, output });
    const sent = completion(MOONDREAM, { max_tokens: 10, stream_options: { include_usage: true } });
    const stream = await readStream(gateway, sent);
    expect(stream.textOf()).toBe(truncateToTokens(output.join(''), 10).text);
    expect(stream.finishReason()).toBe('length');
    expect(stream.usage).toMatchObject({ completion_tokens: 10 });
    await ended();
    expect(bill()).toMatchObject([{ status: 'canceled' }]);
  });

  it('answers three times at once, each choice whole, between each other, for three bills', async () => {
    for (const name of ['a', 'b', 'c']) {
      gateway.sandbox.script({ run: 1500, output: Array.from({ length: 10 }, (_, i) => `${name}${i} `) });
    }
    const stream = await readStream(gateway, chat('Three.', { n: 3 }));
    const texts = [0, 1, 2].map((choice) => stream.textOf(choice));
    const whole = (name: string) => Array.from({ length: 10 }, (_, i) => `${name}${i} `).join('');
    expect(texts.sort()).toEqual(['a', 'b', 'c'].map(whole));
    expect([0, 1, 2].map((choice) => stream.finishReason(choice))).toEqual(['stop', 'stop', 'stop']);
    const order = stream.pieces.map(({ choice }) => choice);
    for (const choice of [0, 1, 2]) {
      expect(order.indexOf(choice)).toBeLessThan(Math.min(...[0, 1, 2].map((one) => order.lastIndexOf(one))));
    }
    expect(gateway.sandbox.bill.creates).toBe(3);
  });

  it('begins with the prompt where the caller asked for its echo', async () => {
    gateway.sandbox.script({ run: 300, output: ['A ', 'bike.'] });
    const stream = await readStream(
      gateway,
      completion('yorickvp/llava-13b', { prompt: 'Echo: ', echo: true }),
    );
    expect(stream.textOf()).toBe('Echo: A bike.');
  });
});

describe('a model without a stream', () => {
  it('is waited for with comments while it boots and runs, and then says all at once', async () => {
    gateway.sandbox.script({ boot: 800, run: 800, output: 'A red bicycle.' });
    const stream = await openStream(talkative, completion(PHI));
    const seen = new Set<string>();
    while (stream.pieces.length === 0) {
      const { comments } = stream;
      await eventually('a sign of life', () => stream.comments > comments || stream.pieces.length > 0);
      if (stream.pieces.length === 0) seen.add(bill()[0]?.status ?? '');
    }
    await stream.toEnd();
    expect([...seen]).toEqual(['starting', 'processing']);
    expect(stream.text).toMatch(/^: keep-alive\n\n/);
    expect(stream.pieces).toEqual([{ choice: 0, text: 'A red bicycle.' }]);
    expect([stream.finishReason(), stream.isDone]).toEqual(['stop', true]);
  });

  it('is cut at a token limit below what it can be held to', async () => {
    const output = Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ');
    gateway.sandbox.script({ output });
    const stream = await readStream(gateway, completion(PHI, { max_tokens: 7 }));
    expect(stream.textOf()).toBe(truncateToTokens(output, 7).text);
    expect(stream.finishReason()).toBe('length');
  });
});

describe('an error before the first byte', () => {
  it.each([
    [
      'an input that the model refuses',
      { status: 422, body: INVALID } as const,
      400,
      'upstream_rejected_input',
    ],
    ['a model that is gone', { status: 404 } as const, 404, 'model_not_found'],
    ['a prediction that fails at once', { fail: 'CUDA out of memory' }, 502, 'prediction_failed'],
  ])('is JSON with its status: %s', async (_, fault, status, code) => {
    gateway.sandbox.script(fault);
    const stream = await readStream(gateway, chat());
    expect([stream.status, stream.isStream]).toEqual([status, false]);
    expect(stream.json).toMatchObject({ error: { code } });
  });

  it('is JSON where a parameter is wrong', async () => {
    const stream = await readStream(gateway, chat('Tell me.', { temperature: 'hot' }));
    expect([stream.status, stream.isStream]).toEqual([400, false]);
    expect(stream.json).toMatchObject({ error: { param: 'temperature' } });
  });
});

/** Asks for so many streams at once, each with words of its own; gives those that did not come whole. */
async function crowd(node: Streaming, sandbox: Sandbox, count: number, run: number): Promise<string[]> {
  const texts = Array.from({ length: count }, async (_, i) => {
    const question = `<question ${i}>`;
    const output = Array.from({ length: 20 }, (_, piece) => `${i}.${piece} `);
    sandbox.script({ match: { inputIncludes: question }, run, output });
    // To check them all takes longer than to stream them.
    const stream = await openStream(node, { ...chat(question), checked: i % 20 === 0 });
    await stream.toEnd(60_000);
    return stream.isDone && stream.textOf() === output.join('') ? [] : [stream.text];
  });
  return (await Promise.all(texts)).flat();
}

describe('many streams at once', () => {
  it('all come whole, none with the words of another, for one bill each (B21)', async () => {
    expect(await crowd(gateway, gateway.sandbox, 200, 2000)).toEqual([]);
    expect(gateway.sandbox.bill.creates).toBe(200);
  });

  it('take little memory each: a thousand, of a gateway in a process of its own (B21)', async () => {
    const folder = temporaryFolder();
    const node = await startGateway({
      CEREBRO_DATA_DIR: folder.path,
      DATABASE_URL: gateway.databaseUrl,
      REPLICATE_API_TOKEN: 'sandbox',
      REPLICATE_BASE_URL: gateway.sandbox.baseUrl,
      CEREBRO_MODELS: '*',
      CEREBRO_CREATES_PER_MINUTE: '1000000',
      CEREBRO_MODEL_CONCURRENCY: '10000',
    });
    try {
      expect(await crowd(node, gateway.sandbox, 20, 500)).toEqual([]);
      const before = await residentMemory(node);
      let peak = before;
      const watching = setInterval(() => {
        void residentMemory(node).then((now) => (peak = Math.max(peak, now)));
      }, 250);
      expect(await crowd(node, gateway.sandbox, 1000, 5000)).toEqual([]);
      clearInterval(watching);
      expect(gateway.sandbox.bill.creates).toBe(1020);
      // 200 kB each, and as much again for garbage that nobody had a reason to collect.
      expect(peak - before).toBeLessThan(400);
      await expectOneBill(gateway);
    } finally {
      await node.end('SIGTERM');
      folder.remove();
    }
  }, 60_000);
});
