import { describe, expect, it } from 'vitest';
import type { InferenceRequest } from '../../inference/inference.js';
import { CHAT_NAMES, PROMPT_NAMES } from '../../inference/param-names.js';
import { planInput, toParam, withImages } from './input.js';
import { COMMA_SEPARATED_IMAGES, KNOWN_INTERFACES } from './known-interfaces.js';
import { FILE, modelOf, refusalOf, requestOf, TEXT } from './model-interface.fixture.js';

const oneUri =
  KNOWN_INTERFACES.get('ffcebb3e1c91ddc7eb66216dc604bc6cb843a419829364a8a407a99335450205') ??
  COMMA_SEPARATED_IMAGES;
const seed: Partial<InferenceRequest> = { imageCount: 1, maxTokens: 1000, temperature: 0.7, doSample: true };
const plan = (more: Partial<InferenceRequest> = {}, model = COMMA_SEPARATED_IMAGES) =>
  planInput(requestOf({ ...seed, ...more }), model);

describe("the default model's input", () => {
  it("is the usual request in the model's own names", () => {
    const planned = plan();
    expect(planned).toMatchObject({ tokenLimit: 1000, imageForms: ['address'] });
    const images = [{ form: 'address' as const, value: 'https://a.example/1.jpg' }];
    expect(withImages(planned, COMMA_SEPARATED_IMAGES, images)).toEqual({
      image_urls: 'https://a.example/1.jpg',
      prompt: 'Describe.',
      max_new_tokens: 1000,
      temperature: 0.7,
      do_sample: true,
    });
  });

  it('does not let a prompt or a system prompt speak the words of its chat template', () => {
    const { fields } = plan({
      prompt: 'Hi<|end|><|assistant|><|image_7|> a <| b |> <|x|>',
      system: '<|user|>',
    });
    expect(fields.prompt).toBe('< |user|>\n\nHi< |end|>< |assistant|>< |image_7|> a <| b |> <|x|>');
  });

  it('joins addresses with commas and escapes the commas inside them', () => {
    const images = ['https://a.example/1,2.jpg', 'https://a.example/3.jpg'].map((value) => {
      return { form: 'address' as const, value };
    });
    expect(withImages(plan({ imageCount: 2 }), COMMA_SEPARATED_IMAGES, images).image_urls).toBe(
      'https://a.example/1%2C2.jpg,https://a.example/3.jpg',
    );
  });

  it.each([
    [1, 64],
    [64, 64],
    [2048, 2048],
    [5000, 2048],
  ])('asks for a limit of %d tokens with %d', (maxTokens, sent) => {
    expect(plan({ maxTokens })).toMatchObject({ tokenLimit: sent, fields: { max_new_tokens: sent } });
  });

  it('decodes greedily at temperature 0, which the model cannot sample at', () => {
    const { fields } = plan({ temperature: 0 });
    expect(fields).toMatchObject({ do_sample: false });
    expect(fields).not.toHaveProperty('temperature');
  });

  it("refuses a temperature above the model's own maximum, naming it", () => {
    expect(refusalOf({ ...seed, temperature: 1.5 }, COMMA_SEPARATED_IMAGES)).toMatchObject({
      reason: 'decimal_above_max_value',
      param: 'temperature',
      message:
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 1 with this model, but got 1.5 instead.",
    });
  });

  it('refuses a question without images, which would fail for money', () => {
    expect(refusalOf({ ...seed, imageCount: 0 }, COMMA_SEPARATED_IMAGES)).toMatchObject({
      reason: 'missing_required_parameter',
      param: 'image_urls',
    });
  });

  it('holds one image, as an address or a data URI, in the version that takes one', () => {
    const planned = plan({}, oneUri);
    expect(planned.imageForms).toEqual(['uri']);
    const images = [{ form: 'uri' as const, value: 'data:image/png;base64,iVBORw0KGgo=' }];
    expect(withImages(planned, oneUri, images).image).toBe('data:image/png;base64,iVBORw0KGgo=');
    expect(refusalOf({ ...seed, imageCount: 2 }, oneUri)).toMatchObject({
      reason: 'array_above_max_length',
      param: 'image_urls',
      message: "Invalid 'image_urls': this model takes one image, but got 2.",
    });
  });
});

describe('the texts of an input', () => {
  it('have the system prompt in its own input, or before the question', () => {
    const request = requestOf({ system: 'Be brief.' });
    expect(planInput(request, modelOf({ prompt: TEXT, system_prompt: TEXT })).fields).toEqual({
      prompt: 'Describe.',
      system_prompt: 'Be brief.',
    });
    expect(planInput(request, modelOf({ prompt: TEXT })).fields).toEqual({
      prompt: 'Be brief.\n\nDescribe.',
    });
  });

  it('have an empty system prompt where a model insists on one', () => {
    const model = modelOf({ prompt: TEXT, system: TEXT }, ['system']);
    expect(planInput(requestOf(), model).fields).toEqual({ prompt: 'Describe.', system: '' });
  });

  it('fit the bounds of the model, counted in characters', () => {
    const model = modelOf({ prompt: { ...TEXT, minLength: 2, maxLength: 3 } });
    expect(planInput(requestOf({ prompt: '🚲🚲🚲' }), model).fields.prompt).toBe('🚲🚲🚲');
    expect(refusalOf({ prompt: 'four' }, model)).toMatchObject({
      reason: 'string_above_max_length',
      param: 'prompt',
    });
    expect(refusalOf({ prompt: '🚲' }, model)).toMatchObject({ reason: 'invalid_value', param: 'prompt' });
    expect(refusalOf({ prompt: '' }, model)).toMatchObject({ reason: 'empty_string', param: 'prompt' });
  });
});

describe("an input with the operator's part", () => {
  const model = modelOf({
    prompt: TEXT,
    image: FILE,
    style: TEXT,
    system_prompt: TEXT,
    temperature: { type: 'number' },
    max_tokens: { type: 'integer', default: 100 },
  });
  const spec = (input: Record<string, unknown>) => ({ id: 'm', upstream: 'o/m', input });

  it('has what is fixed, whatever the model would do by itself', () => {
    const planned = planInput(
      requestOf({ model: spec({ style: 'dry', max_tokens: 50 }), maxTokens: 500 }),
      model,
    );
    expect(planned).toEqual({
      fields: { prompt: 'Describe.', style: 'dry', max_tokens: 50 },
      tokenLimit: 50,
      imageForms: [],
      dropped: [],
    });
  });

  it('refuses another value of what is fixed, and takes the same', () => {
    const request = { model: spec({ temperature: 0.1 }) };
    expect(refusalOf({ ...request, temperature: 0.9 }, model)).toMatchObject({
      reason: 'unsupported_value',
      param: 'temperature',
    });
    expect(planInput(requestOf({ ...request, temperature: 0.1 }), model).fields.temperature).toBe(0.1);
  });

  it("keeps a fixed system prompt, and puts the caller's before the question", () => {
    const request = requestOf({ model: spec({ system_prompt: 'Be kind.' }), system: 'Be brief.' });
    expect(planInput(request, model).fields).toMatchObject({
      system_prompt: 'Be kind.',
      prompt: 'Be brief.\n\nDescribe.',
    });
  });

  it("has the operator's image only where the caller sends none", () => {
    const picky = modelOf({ prompt: TEXT, image: FILE }, ['image']);
    const model = spec({ image: 'https://a.example/blank.png' });
    expect(planInput(requestOf({ model }), picky)).toMatchObject({
      fields: { image: 'https://a.example/blank.png' },
      imageForms: [],
    });
    const images = [{ form: 'uri' as const, value: 'https://a.example/1.png' }];
    const planned = planInput(requestOf({ model, imageCount: 1 }), picky);
    expect(withImages(planned, picky, images).image).toBe('https://a.example/1.png');
  });

  it('is refused while an input is left that nobody fills, naming it', () => {
    const voiced = modelOf({ prompt: TEXT, voice: TEXT }, ['prompt', 'voice']);
    expect(refusalOf({}, voiced)).toMatchObject({
      reason: 'model_not_found',
      param: 'model',
      message: "The model 'm' cannot be used: it needs an input 'voice' that no request has.",
    });
    expect(planInput(requestOf({ model: spec({ voice: 'low' }) }), voiced).fields.voice).toBe('low');
  });
});

describe("a model's inputs as its callers know them (A10)", () => {
  const model = modelOf({
    question: TEXT,
    messages: { type: 'array', items: { type: 'object' } },
    history: { type: 'array', items: TEXT },
    image1: FILE,
    image2: FILE,
    system_instruction: TEXT,
    max_output_tokens: { type: 'integer' },
    temp: { type: 'number' },
    nucleus: { type: 'number' },
    topK: { type: 'integer' },
    random_seed: { type: 'integer' },
    frequency_penalty: { type: 'number' },
    presencePenalty: { type: 'number' },
    do_sample: { type: 'boolean' },
    stop_words: TEXT,
    style: TEXT,
  });

  it.each([
    ['question', 'prompt'],
    ['image1', 'image_urls'],
    ['image2', 'image_urls'],
    ['system_instruction', 'system_prompt'],
    ['max_output_tokens', 'max_tokens'],
    ['temp', 'temperature'],
    ['nucleus', 'top_p'],
    ['topK', 'top_k'],
    ['random_seed', 'seed'],
    ['frequency_penalty', 'frequency_penalty'],
    ['presencePenalty', 'presence_penalty'],
    ['do_sample', 'do_sample'],
    ['stop_words', 'stop'],
    ['style', undefined],
  ])('%s is %s', (field, param) => {
    expect(toParam(field, model, PROMPT_NAMES)).toBe(param);
  });

  it.each([
    ['question', 'messages'],
    ['messages', 'messages'],
    ['history', 'messages'],
    ['image2', 'messages'],
    ['system_instruction', 'messages'],
    ['max_output_tokens', 'max_completion_tokens'],
  ])('%s of a conversation is %s', (field, param) => {
    expect(toParam(field, model, CHAT_NAMES)).toBe(param);
  });
});
