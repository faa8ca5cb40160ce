// Streams that are asked for again, by their callers under a key or by clients on their own: one prediction, and a
// text that has nothing twice.
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makePicture } from '../../src/images/pictures.fixture.js';
import { aChat, asked, chat, imagePart } from '../support/chat.js';
import { eventually, REPLICATE_TOKEN, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';
import { picture, type PictureServer, startPictureServer } from '../support/picture-server.js';
import { askForStream, openStream, readStream } from '../support/stream-reader.js';

const LLAVA = 'yorickvp/llava-13b';
const PHI = 'cerebro-phi3.5-vision-instruct';

let pictures: PictureServer;
let gateway: TestGateway;
let fetching: TestGateway;
beforeAll(async () => {
  pictures = await startPictureServer();
  gateway = await startTestGateway({ settings: { models: ['*'] } });
  const settings = { models: ['*'], imageMode: 'fetch', privateImageHosts: [pictures.host] } as const;
  fetching = await startTestGateway({ beside: gateway, settings });
});
afterAll(async () => {
  await fetching.close();
  await gateway.close();
  await pictures.close();
});
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

let keys = 0;
const newKey = () => ({ 'Idempotency-Key': `streams-${keys++}` });
const repetition = (count: number) => ({ 'x-stainless-retry-count': String(count) });
const aStream = (changes: object = {}) => ({ ...aChat(), model: LLAVA, ...changes });
const creates = () => gateway.sandbox.bill.creates;
const created = (count = 1) => eventually(`${count} are asked`, () => creates() === count);
const codeOf = ({ json }: { json: unknown }) => (json as { error?: { code?: string } }).error?.code;

/** As soon as the gateway has noticed that a caller has gone, or 409 is no longer said. */
async function readAgain(body: Record<string, unknown>, headers: Record<string, string>) {
  for (let tries = 0; ; tries++) {
    const stream = await readStream(gateway, { body, headers });
    if (stream.status !== 409 || tries === 50) return stream;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('a stream under an Idempotency-Key', () => {
  it.each([
    ['streams', true],
    ['answers', false],
  ])('is running from its first moment: a second of two %s at once is a 409', async (_, stream) => {
    const bytes = await makePicture('png');
    const loaded = Promise.withResolvers<void>();
    const path = `/slow-${stream}.png`;
    const url = pictures.put(path, (response, incoming) => {
      void loaded.promise.then(() => picture(bytes)(response, incoming));
    });
    const body = { model: LLAVA, stream, messages: [asked('What?', imagePart(url))] };
    const headers = newKey();
    const first = chat(fetching, body, { headers });
    await eventually('the picture is asked for', () => pictures.asked.includes(`GET ${path}`));
    const second = await chat(fetching, body, { headers });
    expect([second.status, codeOf(second)]).toEqual([409, 'idempotency_in_progress']);
    loaded.resolve();
    const { status, text } = await first;
    expect(status, text).toBe(200);
    expect(text).toContain('bicycle');
    expect(creates()).toBe(1);
  });

  it('is running until its last piece, and can then be asked for again', async () => {
    gateway.sandbox.script({ run: 1000, output: ['A ', 'red ', 'bicycle ', 'here.'] });
    const headers = newKey();
    const first = await openStream(gateway, { body: aStream(), headers });
    await first.firstPiece();
    const second = await readStream(gateway, { body: aStream(), headers });
    expect([second.status, codeOf(second)]).toEqual([409, 'idempotency_in_progress']);
    await first.toEnd();
    const again = await readAgain(aStream(), headers);
    for (const stream of [first, again]) {
      expect([stream.textOf(), stream.isDone]).toEqual(['A red bicycle here.', true]);
    }
    expect(creates()).toBe(1);
  });

  it.each([true, false])('frees its key where nothing came of it (stream: %s)', async (stream) => {
    gateway.sandbox.script({ status: 422 });
    const headers = newKey();
    const refused = await chat(gateway, aStream({ stream }), { headers });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    const other = await chat(gateway, aStream({ stream, temperature: 0.5 }), { headers });
    expect(other.status, other.text).toBe(200);
    expect(creates()).toBe(1);
  });

  it('gives the error again that it was billed for, where nothing was said before', async () => {
    gateway.sandbox.script({ run: 100, fail: 'CUDA out of memory' });
    const headers = newKey();
    const first = await readStream(gateway, { body: aStream(), headers });
    const again = await readStream(gateway, { body: aStream(), headers });
    expect([first.status, codeOf(first)]).toEqual([502, 'prediction_failed']);
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect(creates()).toBe(1);
  });

  it.each([LLAVA, PHI])('hands its key over when it is left before its first byte: %s', async (model) => {
    gateway.sandbox.script({ boot: 2000, output: ['Kept for you.'] });
    const headers = newKey();
    const body = aStream({ model });
    const { leave } = askForStream(gateway, { body, headers });
    await created();
    leave();
    const again = await readAgain(body, headers);
    expect([again.status, again.textOf(), again.isDone]).toEqual([200, 'Kept for you.', true]);
    expect(creates()).toBe(1);
  });

  it('hands its key over when it is left after its first piece', async () => {
    gateway.sandbox.script({ run: 2000, output: ['Kept ', 'for ', 'you.'] });
    const headers = newKey();
    const left = await openStream(gateway, { body: aStream(), headers });
    await left.firstPiece();
    left.leave();
    const again = await readAgain(aStream(), headers);
    expect([again.textOf(), again.isDone]).toEqual(['Kept for you.', true]);
    expect(creates()).toBe(1);
  });
});

describe("a client's own repetition of a stream", () => {
  it.each([
    ['comes in pieces', LLAVA],
    ['comes whole', PHI],
  ])('joins one that was left before its first byte, whose answer %s', async (_, model) => {
    gateway.sandbox.script({ boot: 1500, output: ['The one answer.'] });
    const body = aStream({ model });
    const { leave } = askForStream(gateway, { body, headers: repetition(0) });
    await created();
    leave();
    const again = await readStream(gateway, { body, headers: repetition(1) });
    expect([again.status, again.textOf(), again.isDone]).toEqual([200, 'The one answer.', true]);
    expect(creates()).toBe(1);
  });

  it('finds nothing of one that was left after its first piece, which is ended at once', async () => {
    gateway.sandbox.script({ run: 20_000, output: Array.from({ length: 40 }, () => 'word ') });
    const left = await openStream(gateway, { body: aStream(), headers: repetition(0) });
    await left.firstPiece();
    left.leave();
    await eventually('canceled', () => gateway.sandbox.bill.entries[0]?.status === 'canceled', 5000);
    const again = await readStream(gateway, { body: aStream(), headers: repetition(1) });
    expect([again.textOf(), again.isDone]).toEqual(['A red bicycle.', true]);
    expect(creates()).toBe(2);
  });

  it('ends in an error, and in no other text, when the prediction is canceled at the provider', async () => {
    gateway.sandbox.script({ run: 20_000, output: Array.from({ length: 40 }, () => 'word ') });
    const first = await openStream(gateway, { body: aStream() });
    await first.firstPiece();
    const second = await openStream(gateway, { body: aStream(), headers: repetition(1) });
    await second.firstPiece();
    const { predictionId } = gateway.sandbox.bill.entries[0] ?? {};
    const cancel = `${gateway.sandbox.baseUrl}/predictions/${predictionId}/cancel`;
    const { statusCode } = await request(cancel, {
      method: 'POST',
      headers: { authorization: `Bearer ${REPLICATE_TOKEN}` },
    });
    expect(statusCode).toBe(200);
    for (const stream of [first, second]) {
      await stream.toEnd();
      expect(stream.textOf()).toMatch(/^(word )+$/);
      expect([stream.isDone, stream.error?.code]).toEqual([false, 'prediction_canceled']);
    }
    expect(creates()).toBe(1);
  });
});

describe('a stop text in an answer of a model that is held to the token limit', () => {
  // More tokens than the limit by our count, though the model has kept to it by its own.
  const output = [...Array<string>(12).fill('zqxjkv '), 'STOP', ...Array<string>(30).fill(' more')];
  const limits = { stop: 'STOP', max_completion_tokens: 20 };

  it('ends a stream as it ends an answer: by itself, at the same usage', async () => {
    gateway.sandbox.script({ run: 400, output, times: 2 });
    const { json } = await chat(gateway, aStream(limits));
    const answer = json as {
      choices: { finish_reason: string; message: { content: string } }[];
      usage: object;
    };
    const stream = await readStream(gateway, {
      body: aStream({ ...limits, stream_options: { include_usage: true } }),
    });
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: 'zqxjkv '.repeat(12) },
    });
    expect([stream.textOf(), stream.finishReason(), stream.isDone]).toEqual([
      'zqxjkv '.repeat(12),
      'stop',
      true,
    ]);
    expect(stream.usage).toEqual(answer.usage);
  });
});

describe('a stream under a key that fails after its first piece', () => {
  it.each([0, 1])('has failed for who asks again, and no choice is bought twice: %i', async (failing) => {
    const slow = { run: 20_000, output: ['a ', 'b'] };
    const broken = { run: 400, output: ['x', 'y', 'z'], fail: 'CUDA out of memory' };
    gateway.sandbox.script(...(failing === 0 ? [broken, slow] : [slow, broken]));
    const asked = {
      body: { ...aChat(), model: LLAVA, n: 2 },
      headers: { 'Idempotency-Key': `fails-late-${failing}` },
    };
    const first = await readStream(gateway, asked);
    expect(first.text).toContain('"code":"prediction_failed"');
    const again = await readStream(gateway, asked);
    expect(again.status).toBe(502);
    expect(gateway.sandbox.bill.creates).toBe(2);
  });
});
