// Several answers to one question: a prediction and a bill each.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { countTokens } from '../../src/tokenizer/llama-tokenizer.js';
import { creates } from '../support/asking.js';
import { chat, contents, errorOf, framesOf } from '../support/chat.js';
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';

const PHI = 'cerebro-phi3.5-vision-instruct';
const LLAVA = 'yorickvp/llava-13b';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ settings: { models: ['*'] } });
});
afterAll(() => gateway.close());
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

const tokens = (...texts: string[]) => texts.map(countTokens).reduce((a, b) => a + b, 0);
describe('several answers', () => {
  it('are as many predictions, each billed, in the order of their positions', async () => {
    gateway.sandbox.script({ run: 200, output: 'One.' });
    gateway.sandbox.script({ run: 80, output: 'Two two.' });
    gateway.sandbox.script({ run: 10, output: 'Three three three.' });
    const answer = await chat(gateway, { n: 3 });
    expect([...contents(answer)].sort()).toEqual(['One.', 'Three three three.', 'Two two.']);
    const { id, choices, usage } = answer.json as { id: string; choices: { index: number }[]; usage: object };
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    // The prompt is told once, as at OpenAI; the answers are all told.
    expect(usage).toMatchObject({
      prompt_tokens: tokens('Describe the image.'),
      completion_tokens: tokens('One.', 'Two two.', 'Three three three.'),
    });
    expect(gateway.sandbox.bill.creates).toBe(3);
    await expectOneBill(gateway);
    const lines = await ledger(gateway);
    expect(lines.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(new Set(lines.map(({ request_id }) => request_id)).size).toBe(1);
    const first = lines.map(({ upstream_id }) => `chatcmpl-${upstream_id}`);
    expect(first).toContain(id);
  });

  it('run at the same time', async () => {
    gateway.sandbox.script({ run: 700, output: 'x', times: 6 });
    await chat(gateway, { n: 6 });
    const created = creates(gateway).map(({ time }) => time);
    expect(Math.max(...created) - Math.min(...created)).toBeLessThan(700);
  });

  it.each([
    ['of a model that fails', LLAVA, { run: 60, fail: 'CUDA out of memory' }, 'prediction_failed'],
    ['that Replicate does not take', LLAVA, { status: 400 } as const, undefined],
    ['of a model whose creates are held', PHI, { run: 60, fail: 'CUDA out of memory' }, 'prediction_failed'],
  ])('fail together where there is one %s, and the others are ended', async (_, model, fault, code) => {
    gateway.sandbox.script({ run: 20_000, output: 'Slow.' });
    gateway.sandbox.script(fault);
    gateway.sandbox.script({ run: 20_000, output: 'Slow too.' });
    const answer = await chat(gateway, { model, n: 3 });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    const error = errorOf(answer);
    if (code !== undefined) expect(error.code).toBe(code);
    await expectOneBill(gateway);
    const { entries } = gateway.sandbox.bill;
    expect(entries.filter(({ status }) => status === 'canceled')).toHaveLength(2);
    expect(Math.max(...entries.map(({ billedSeconds }) => billedSeconds))).toBeLessThan(10);
  });

  it.each([PHI, LLAVA])('are all ended when their caller hangs up: %s (B3)', async (model) => {
    gateway.sandbox.script({ run: 20_000, output: 'Slow.', times: 3 });
    const leaving = new AbortController();
    const answer = chat(gateway, { model, n: 3 }, { signal: leaving.signal });
    await eventually('all are asked', () => gateway.sandbox.bill.creates === 3);
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await expectOneBill(gateway);
    expect(gateway.sandbox.bill.entries.map(({ status }) => status)).toEqual(Array(3).fill('canceled'));
  });

  it('of a stream tell their texts by their positions, and the usage once', async () => {
    gateway.sandbox.script({ run: 60, output: ['a', 'b'] });
    gateway.sandbox.script({ run: 30, output: ['c', 'd'] });
    const body = { model: LLAVA, n: 2, stream: true, stream_options: { include_usage: true } };
    const { text } = await chat(gateway, body);
    interface Chunk {
      choices: { index: number; delta: { content?: string }; finish_reason: string | null }[];
      usage: object | null;
    }
    const chunks = framesOf(text).slice(0, -1) as Chunk[];
    const of = (index: number) =>
      chunks.flatMap(({ choices }) => choices.filter((choice) => choice.index === index));
    const texts = [0, 1].map((index) =>
      of(index)
        .map(({ delta }) => delta.content ?? '')
        .join(''),
    );
    expect(texts.sort()).toEqual(['ab', 'cd']);
    for (const index of [0, 1]) expect(of(index).at(-1)?.finish_reason).toBe('stop');
    expect(chunks.filter(({ usage }) => usage !== null)).toEqual([chunks.at(-1)]);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: tokens('Describe the image.'), completion_tokens: tokens('ab', 'cd') },
    });
  });

  it('are 128 at most', async () => {
    const answer = await chat(gateway, { n: 128 });
    expect(contents(answer)).toHaveLength(128);
    expect(gateway.sandbox.bill.creates).toBe(128);
  });
});
