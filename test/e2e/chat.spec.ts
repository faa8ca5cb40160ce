// Chats about pictures: the answer's shape, and what its parameters do. What becomes of the conversation itself is
// tested beside.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_MODEL_VERSION } from '../../src/config/settings.js';
import { countTokens } from '../../src/tokenizer/llama-tokenizer.js';
import { creates, lastInput } from '../support/asking.js';
import { asked, chat, contents, errorOf, imagePart, PICTURE } from '../support/chat.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';

const LLAVA = 'yorickvp/llava-13b';
const GPT = 'openai/gpt-4o-mini';
const VISION_LLAMA = 'hayooucom/vision-llama3';

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

describe('POST /v1/chat/completions', () => {
  it("answers in OpenAI's shape, to the byte of its layout", async () => {
    const before = Math.floor(Date.now() / 1000);
    const { status, json, headers } = await chat(gateway);
    expect(status).toBe(200);
    const id = gateway.sandbox.bill.entries[0]?.predictionId;
    const details = { cached_tokens: 0, audio_tokens: 0 };
    const completion = tokens('A red bicycle.');
    const prompt = tokens('Describe the image.');
    expect(json).toEqual({
      id: `chatcmpl-${id}`,
      object: 'chat.completion',
      created: expect.any(Number) as number,
      model: 'cerebro-phi3.5-vision-instruct',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'A red bicycle.', refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: prompt,
        completion_tokens: completion,
        total_tokens: prompt + completion,
        prompt_tokens_details: details,
        completion_tokens_details: {
          reasoning_tokens: 0,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      },
      service_tier: 'default',
      system_fingerprint: null,
    });
    expect((json as { created: number }).created).toBeGreaterThanOrEqual(before);
    expect(
      Object.keys(headers)
        .filter((name) => /^(x-|openai|content-type|server-timing)/.test(name))
        .sort(),
    ).toEqual([
      'content-type',
      'openai-processing-ms',
      'openai-version',
      'server-timing',
      'x-cerebro-queue-ms',
      'x-request-id',
    ]);
    expect(headers['content-type']).toMatch(/^application\/json/);
  });

  it('asks Replicate what a completion asks', async () => {
    await chat(gateway);
    expect(creates(gateway)).toMatchObject([
      {
        path: '/v1/predictions',
        headers: { authorization: 'accepted', prefer: 'wait=60', 'cancel-after': '600s' },
        body: {
          version: DEFAULT_MODEL_VERSION,
          input: {
            ...{ prompt: 'Describe the image.', image_urls: PICTURE },
            ...{ max_new_tokens: 1000, temperature: 0.7, do_sample: true },
          },
        },
      },
    ]);
    const [sent] = creates(gateway);
    await startAnew(gateway);
    await gateway.complete({ image_urls: [PICTURE] });
    expect(creates(gateway)[0]?.body).toEqual(sent?.body);
  });

  it("takes the prediction's own token counts", async () => {
    gateway.sandbox.script({
      waitStatus: 'succeeded',
      metrics: { input_token_count: 812, output_token_count: 6 },
    });
    expect((await chat(gateway)).json).toMatchObject({
      usage: { prompt_tokens: 812, completion_tokens: 6, total_tokens: 818 },
    });
  });

  it('carries text of every kind unharmed, both ways (A20)', async () => {
    const odd = 'a\n\nevent: x\ndata: {}\r\n</script>\u2028\u2029"\\ 日本語 👩‍👩‍👧 \u0000';
    gateway.sandbox.script({ output: odd });
    expect(
      contents(await chat(gateway, { messages: [asked(imagePart(), 'Ünïcode 👍 "q" \\ \n?')] })),
    ).toEqual([odd]);
    expect(lastInput(gateway).prompt).toBe('Ünïcode 👍 "q" \\ \n?');
  });

  it('passes on an empty answer as an empty text', async () => {
    gateway.sandbox.script({ output: '' });
    expect(contents(await chat(gateway))).toEqual(['']);
  });

  it('needs no picture where the model does without', async () => {
    const messages = [{ role: 'user', content: 'What is a dent?' }];
    for (const model of ['meta/meta-llama-3-8b-instruct', GPT, 'yorickvp/llava-v1.6-vicuna-13b']) {
      expect(contents(await chat(gateway, { model, messages }))).toEqual(['A red bicycle.']);
      expect(lastInput(gateway)).toEqual({ prompt: 'What is a dent?' });
    }
  });

  it('knows the models by their names and no other', async () => {
    expect((await chat(gateway, { model: 'cerebro-phi3.5-vision-instruct' })).status).toBe(200);
    const unknown = await chat(gateway, { model: 'gpt-4o' });
    expect(unknown.status).toBe(404);
    expect(errorOf(unknown)).toEqual({
      message: 'The model `gpt-4o` does not exist or you do not have access to it.',
      type: 'invalid_request_error',
      param: 'model',
      code: 'model_not_found',
    });
    expect(creates(gateway)).toHaveLength(1);
  });

  it('answers many at once without mixing them up', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        gateway.sandbox.script({
          match: { inputIncludes: `question ${i}.` },
          run: 40 - i,
          output: `answer ${i}.`,
        });
        return contents(await chat(gateway, { messages: [asked(imagePart(), `question ${i}.`)] }));
      }),
    );
    expect(answers).toEqual(Array.from({ length: 40 }, (_, i) => [`answer ${i}.`]));
    expect(gateway.sandbox.bill.creates).toBe(40);
  });
});

describe('the token limit', () => {
  const LONG = 'one two three four five six seven eight nine ten';

  it.each<[object, number]>([
    [{ max_tokens: 3 }, 3],
    [{ max_completion_tokens: 3 }, 3],
    [{ max_completion_tokens: 3, max_tokens: 8 }, 3],
    [{ max_completion_tokens: 8, max_tokens: 3 }, 8],
    [{ max_completion_tokens: null, max_tokens: 3 }, 3],
    [{ max_completion_tokens: 3, max_tokens: null }, 3],
  ])('is the newer name where both are given: %j', async (limits, count) => {
    gateway.sandbox.script({ output: LONG });
    const { json } = await chat(gateway, limits);
    const content = LONG.split(' ').slice(0, count).join(' ');
    expect(json).toMatchObject({
      choices: [{ message: { content }, finish_reason: 'length' }],
      usage: { completion_tokens: count },
    });
    expect(lastInput(gateway).max_new_tokens).toBe(64);
  });

  it("goes by the model's own name, within its bounds", async () => {
    await chat(gateway, { model: LLAVA, max_completion_tokens: 100 });
    expect(lastInput(gateway)).toMatchObject({ max_tokens: 100 });
    await chat(gateway, { model: GPT, max_tokens: 100 });
    expect(lastInput(gateway)).toMatchObject({ max_completion_tokens: 100 });
    await chat(gateway, { max_tokens: 2_147_483_647 });
    expect(lastInput(gateway)).toMatchObject({ max_new_tokens: 2048 });
  });
});

describe('a parameter that the model has', () => {
  it.each<[string, object, object]>([
    [LLAVA, { temperature: 0.4, top_p: 0.5 }, { temperature: 0.4, top_p: 0.5 }],
    [LLAVA, { temperature: 0 }, { temperature: 0 }],
    [VISION_LLAMA, { top_k: 7, seed: 42 }, { top_k: 7, seed: 42 }],
    [
      GPT,
      { frequency_penalty: 0.5, presence_penalty: -0.5, top_p: 0.1 },
      { frequency_penalty: 0.5, presence_penalty: -0.5, top_p: 0.1 },
    ],
    [GPT, { frequency_penalty: 0, presence_penalty: 2 }, { presence_penalty: 2 }],
  ])('is sent by its name: %s %j', async (model, body, fields) => {
    const answer = await chat(gateway, { model, ...body });
    expect(answer.status, answer.text).toBe(200);
    expect(lastInput(gateway)).toMatchObject(fields);
    expect(answer.headers).not.toHaveProperty('x-cerebro-dropped-params');
  });

  it.each<[string, object, string, string]>([
    [LLAVA, { seed: 5 }, 'seed', 'unsupported_parameter'],
    [LLAVA, { frequency_penalty: 0.5 }, 'frequency_penalty', 'unsupported_parameter'],
    [LLAVA, { presence_penalty: -2 }, 'presence_penalty', 'unsupported_parameter'],
    ['lucataco/moondream2', { top_p: 0.5 }, 'top_p', 'unsupported_parameter'],
    [VISION_LLAMA, { top_p: 0 }, 'top_p', 'decimal_below_min_value'],
    ['cerebro-phi3.5-vision-instruct', { temperature: 1.5 }, 'temperature', 'decimal_above_max_value'],
  ])('is refused by name where it lacks it, or has other bounds: %s %j', async (model, body, param, code) => {
    const answer = await chat(gateway, { model, ...body });
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({ param, code });
    expect(creates(gateway)).toEqual([]);
    expect(await ledger(gateway)).toEqual([]);
  });
});

describe('notes about the caller', () => {
  it('are taken, and told to nobody', async () => {
    const noted = {
      user: 'canary-user',
      safety_identifier: 'canary-safety',
      prompt_cache_key: 'canary-cache',
      prompt_cache_retention: '24h',
      metadata: {
        claim: 'canary-metadata',
        ...Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`k${i}`, ''])),
      },
    };
    const { status, text } = await chat(gateway, noted);
    expect(status, text).toBe(200);
    expect(text).not.toContain('canary');
    expect(JSON.stringify(creates(gateway))).not.toContain('canary');
    expect(JSON.stringify(await ledger(gateway))).not.toContain('canary');
  });

  it.each<[object, string, string]>([
    [{ safety_identifier: 'x'.repeat(65) }, 'safety_identifier', 'string_above_max_length'],
    [{ metadata: { a: 5 } }, 'metadata.a', 'invalid_type'],
    [{ metadata: { a: 'x'.repeat(513) } }, 'metadata.a', 'string_above_max_length'],
    [
      { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, ''])) },
      'metadata',
      'invalid_value',
    ],
    [{ metadata: [] }, 'metadata', 'invalid_type'],
  ])('have their limits: %j', async (body, param, code) => {
    const answer = await chat(gateway, body);
    expect([answer.status, errorOf(answer)]).toMatchObject([400, { param, code }]);
    expect(creates(gateway)).toEqual([]);
  });
});

describe('a stop text', () => {
  it.each<[unknown, string]>([
    ['END', 'A red bicycle. It stands.\n'],
    [['END', ' It'], 'A red bicycle.'],
    [['nowhere', 'e', 'b', 'n'], 'A r'],
    [[], 'A red bicycle. It stands.\nEND of story'],
    [null, 'A red bicycle. It stands.\nEND of story'],
    ['A', ''],
    ['stands.\nEND', 'A red bicycle. It '],
  ])('ends the answer before it: %j', async (stop, text) => {
    gateway.sandbox.script({ output: 'A red bicycle. It stands.\nEND of story' });
    const answer = await chat(gateway, { stop });
    expect(contents(answer)).toEqual([text]);
    expect(answer.json).toMatchObject({ choices: [{ finish_reason: 'stop' }] });
  });

  it('before the token limit is the reason for the end, and after it is not', async () => {
    const output = 'one two three four five';
    gateway.sandbox.script({ output });
    expect((await chat(gateway, { stop: ' three', max_tokens: 4 })).json).toMatchObject({
      choices: [{ message: { content: 'one two' }, finish_reason: 'stop' }],
    });
    gateway.sandbox.script({ output });
    expect((await chat(gateway, { stop: ' four', max_tokens: 2 })).json).toMatchObject({
      choices: [{ message: { content: 'one two' }, finish_reason: 'length' }],
    });
  });
});
