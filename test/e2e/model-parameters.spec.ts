// What callers ask of models of all kinds: moved into a model's bounds, mapped to its own names, or refused by
// name before anything is sent.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';

const PICTURE = 'https://example.com/image.jpg';
const PROMPT = 'What is this?';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    settings: { models: ['*'] },
    sandbox: { model: ({ prompt, systemPrompt = 'nothing' }) => `Told ${systemPrompt}, asked ${prompt}` },
  });
});
afterAll(() => gateway.close());
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

const ask = (model: string, body: object = {}) =>
  gateway.send('/v1/completions', {
    method: 'POST',
    body: { model, prompt: PROMPT, image_urls: PICTURE, ...body },
  });
const creates = () =>
  gateway.sandbox.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/predictions'));
const sentInput = () => (creates()[0]?.body as { input: Record<string, unknown> }).input;
const sentBesidesImages = () =>
  Object.fromEntries(Object.entries(sentInput()).filter(([name]) => !/^(image|media)/.test(name)));

/** Sixteen words, of which each is a token in Llama's vocabulary. */
const LONG = 'one two three four five six seven eight nine ten one two three four five six';
const PHI = 'jimothyjohn/phi3-vision-instruct';
const LLAVA = 'yorickvp/llava-13b';
const BLIP_3 = 'zsxkib/blip-3';
const VISION_LLAMA = 'hayooucom/vision-llama3';
const LLAMA = 'meta/meta-llama-3-8b-instruct';

describe('the token limit', () => {
  it.each([
    ['below the minimum: the answer is cut', PHI, 3, { max_new_tokens: 64 }, 'one two three', 'length'],
    ['below the minimum, of a short answer', PHI, 17, { max_new_tokens: 64 }, LONG, 'stop'],
    ['above the maximum', PHI, 5000, { max_new_tokens: 2048 }, LONG, 'stop'],
    ['above a small maximum', 'lucataco/qwen2-vl-7b-instruct', 1000, { max_new_tokens: 512 }, LONG, 'stop'],
    ['within the bounds', LLAVA, 100, { max_tokens: 100 }, LONG, 'stop'],
    ['where the model knows none: the answer is cut', 'lucataco/moondream2', 2, {}, 'one two', 'length'],
  ])('%s', async (_, model, max_tokens, fields, text, finish_reason) => {
    gateway.sandbox.script({ output: LONG });
    const { status, json } = await ask(model, { max_tokens });
    expect(status).toBe(200);
    expect(json).toMatchObject({ choices: [{ text, finish_reason }] });
    expect(sentBesidesImages()).toEqual({ prompt: PROMPT, ...fields });
  });

  it('that the model itself was held to is told as length', async () => {
    const { json } = await ask(LLAVA, { max_tokens: 4, prompt: LONG });
    expect(json).toMatchObject({
      choices: [{ finish_reason: 'length' }],
      usage: { completion_tokens: 4 },
    });
    expect(sentInput()).toMatchObject({ max_tokens: 4 });
  });

  it("of the model's own, where the caller sets none, is told as length too", async () => {
    gateway.sandbox.script({ output: `${LONG} `.repeat(40) });
    const { json } = await ask('lucataco/qwen2-vl-7b-instruct');
    expect(json).toMatchObject({ choices: [{ finish_reason: 'length' }] });
    expect(sentInput()).not.toHaveProperty('max_new_tokens');
  });
});

describe('a parameter that a model has', () => {
  it.each<[string, string, object, object]>([
    ['temperature and top_p', LLAVA, { temperature: 0.4, top_p: 0.5 }, { temperature: 0.4, top_p: 0.5 }],
    ['top_k and seed', VISION_LLAMA, { top_k: 7, seed: 42 }, { top_k: 7, seed: 42 }],
    ['the system prompt', BLIP_3, { system_prompt: 'Be brief.' }, { system_prompt: 'Be brief.' }],
    [
      'the system prompt, before the prompt',
      LLAVA,
      { system_prompt: 'Be brief.' },
      { prompt: `Be brief.\n\n${PROMPT}` },
    ],
    ['temperature 0, as greedy decoding', BLIP_3, { temperature: 0 }, { do_sample: false }],
    ['temperature 0, as it is', LLAMA, { temperature: 0, image_urls: null }, { temperature: 0 }],
    [
      'a temperature, which asks for sampling',
      BLIP_3,
      { temperature: 0.8 },
      { temperature: 0.8, do_sample: true },
    ],
    ['no sampling', LLAVA, { do_sample: false }, { temperature: 0 }],
  ])('is sent by its name: %s', async (_, model, body, fields) => {
    expect((await ask(model, body)).status).toBe(200);
    const text = { [model === BLIP_3 ? 'question' : 'prompt']: PROMPT };
    expect(sentBesidesImages()).toEqual({ ...text, ...fields });
  });

  it.each<[string, object]>([
    ['temperature', { temperature: 1 }],
    ['top_p', { top_p: 1 }],
  ])('is left out where it asks for nothing special and the model lacks it: %s', async (_, body) => {
    expect((await ask('lucataco/moondream2', body)).status).toBe(200);
    expect(sentInput()).toEqual({ image: PICTURE, prompt: PROMPT });
  });

  it('ends the answer at a stop text, though the model knows of none', async () => {
    gateway.sandbox.script({ output: 'A red bicycle. It stands.\nEND of story' });
    const { json } = await ask(LLAVA, { stop: ['END', ' It'] });
    expect(json).toMatchObject({ choices: [{ text: 'A red bicycle.', finish_reason: 'stop' }] });
    expect(sentInput()).toEqual({ image: PICTURE, prompt: PROMPT });
  });

  it("puts the caller's chat template words out of force", async () => {
    expect((await ask(PHI, { prompt: 'Say <|end|> and <|image_7|>.' })).status).toBe(200);
    expect(sentInput().prompt).not.toMatch(/<\|(end|image_7)\|>/);
  });
});

describe('a parameter that does not fit', () => {
  it.each<[string, string, object, string, string, RegExp]>([
    ['above', PHI, { temperature: 1.5 }, 'temperature', 'decimal_above_max_value', /<= 1 .* got 1\.5/],
    ['below', BLIP_3, { temperature: 0.2 }, 'temperature', 'decimal_below_min_value', />= 0\.5 .* got 0\.2/],
    ['below', VISION_LLAMA, { top_p: 0 }, 'top_p', 'decimal_below_min_value', />= 0\.01 .* got 0/],
    ['below', BLIP_3, { top_k: 0 }, 'top_k', 'integer_below_min_value', />= 1 .* got 0/],
    [
      'lacking',
      'lucataco/moondream2',
      { temperature: 0.5 },
      'temperature',
      'unsupported_parameter',
      /temperature/,
    ],
    ['lacking', LLAVA, { top_k: 5 }, 'top_k', 'unsupported_parameter', /top_k/],
    ['lacking', LLAVA, { seed: 5 }, 'seed', 'unsupported_parameter', /seed/],
    ['lacking', 'salesforce/blip', { do_sample: false }, 'do_sample', 'unsupported_parameter', /do_sample/],
    [
      'two for one',
      LLAVA,
      { image_urls: [PICTURE, PICTURE] },
      'image_urls',
      'array_above_max_length',
      /takes one image, but got 2/,
    ],
    [
      'four for three',
      'nomagick/qwen-vl-chat',
      { image_urls: [PICTURE, PICTURE, PICTURE, PICTURE] },
      'image_urls',
      'array_above_max_length',
      /at most 3 images, but got 4/,
    ],
    ['an image for a text model', LLAMA, {}, 'image_urls', 'unsupported_value', /takes no images/],
    [
      'no image',
      LLAVA,
      { image_urls: null },
      'image_urls',
      'missing_required_parameter',
      /about images only/,
    ],
  ])('is refused by name, before anything is sent: %s (%s)', async (_, model, body, param, code, words) => {
    const { status, json } = await ask(model, body);
    expect(status).toBe(400);
    const message = expect.stringMatching(words) as string;
    expect(json).toMatchObject({ error: { type: 'invalid_request_error', param, code, message } });
    expect(creates()).toHaveLength(0);
    expect(await ledger(gateway)).toHaveLength(0);
  });

  it('is no image where the model can do without: it is asked in words alone', async () => {
    expect((await ask('openai/gpt-4o-mini', { image_urls: null })).status).toBe(200);
    expect(sentInput()).toEqual({ prompt: PROMPT });
  });
});

describe("an official model's own counts", () => {
  const metrics = { input_token_count: 1234, output_token_count: 56 };

  it('are the usage that its caller is told, and the ledger has them', async () => {
    gateway.sandbox.script({ metrics, waitStatus: 'succeeded' });
    const { json } = await ask('openai/gpt-4o-mini');
    const usage = { prompt_tokens: 1234, completion_tokens: 56, total_tokens: 1290 };
    expect(json).toMatchObject({ usage, choices: [{ finish_reason: 'stop' }] });
    await expectOneBill(gateway);
    expect(await ledger(gateway)).toMatchObject([{ prompt_tokens: 1234, completion_tokens: 56 }]);
  });

  it('tell that its limit ended the answer', async () => {
    gateway.sandbox.script({ metrics, waitStatus: 'succeeded' });
    const { json } = await ask('openai/gpt-4o-mini', { max_tokens: 56 });
    expect(json).toMatchObject({ choices: [{ finish_reason: 'length' }] });
  });

  it('are in the ledger where the held answer came without them', async () => {
    gateway.sandbox.script({ metrics, waitStatus: 'processing' });
    expect((await ask('openai/gpt-4o-mini')).status).toBe(200);
    await expectOneBill(gateway);
    expect(await ledger(gateway)).toMatchObject([{ prompt_tokens: 1234, completion_tokens: 56 }]);
  });
});
