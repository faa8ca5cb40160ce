import { describe, expect, it } from 'vitest';
import type { InferenceRequest } from '../../inference/inference.js';
import { planInput, withImages } from './input.js';
import type { ModelInterface } from './model-interface.js';
import { assistant, FILE, modelOf, refusalOf, requestOf, TEXT, user } from './model-interface.fixture.js';

const CHAT = { messages: { type: 'array', items: { type: 'object' }, default: [] } };
const HISTORY = { type: 'array', items: TEXT, description: 'Include <image> to attach the image.' };
const TURNS = [user(0, 'What is it?'), assistant('A cat.'), user('Asleep?')];

function inputOf(model: ModelInterface, more: Partial<InferenceRequest>) {
  const planned = planInput(requestOf(more), model);
  const images = Array.from({ length: more.imageCount ?? 0 }, (_, position) => {
    return { form: planned.imageForms[0] ?? 'uri', value: `https://a.example/${position}.png` };
  });
  return withImages(planned, model, images);
}

const picture = (position: number) => {
  return { type: 'image_url', image_url: { url: `https://a.example/${position}.png` } };
};

describe('a conversation with a model that takes messages', () => {
  const gpt = modelOf({
    prompt: TEXT,
    system_prompt: TEXT,
    ...CHAT,
    image_input: { type: 'array', items: FILE, default: [] },
  });

  it("goes into them as OpenAI's, with the images inside and nothing else", () => {
    expect(inputOf(gpt, { prompt: TURNS, system: 'Be brief.', imageCount: 1 })).toEqual({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: [picture(0), { type: 'text', text: 'What is it?' }] },
        { role: 'assistant', content: 'A cat.' },
        { role: 'user', content: 'Asleep?' },
      ],
    });
  });

  it('has its images as addresses or data URIs, whatever the input for images takes', () => {
    const model = modelOf({ prompt: TEXT, ...CHAT, image_base64: { type: 'array', items: TEXT } });
    expect(planInput(requestOf({ prompt: TURNS, imageCount: 1 }), model).imageForms).toEqual(['uri']);
    expect(planInput(requestOf({ prompt: TURNS.slice(2) }), model).imageForms).toEqual([]);
  });

  it('has as many images as the model takes', () => {
    const model = modelOf({ prompt: TEXT, ...CHAT, image: FILE });
    const prompt = [user(0, 1, 'Which?'), ...TURNS.slice(1)];
    expect(refusalOf({ prompt, imageCount: 2 }, model)).toMatchObject({ param: 'messages' });
  });

  it('is a prompt where it is a single question, with mentions of several images', () => {
    expect(inputOf(gpt, { prompt: [user(0, 'or', 1)], system: 'Be brief.', imageCount: 2 })).toEqual({
      prompt: '[image 1]\nor\n[image 2]',
      system_prompt: 'Be brief.',
      image_input: ['https://a.example/0.png', 'https://a.example/1.png'],
    });
  });

  it('sends empty texts where the model insists on them', () => {
    const model = modelOf({ prompt: TEXT, system_prompt: TEXT, ...CHAT }, ['prompt', 'system_prompt']);
    expect(inputOf(model, { prompt: TURNS.slice(1) })).toMatchObject({ prompt: '', system_prompt: '' });
  });

  it.each<[string, Record<string, object>, string[], Partial<InferenceRequest>]>([
    ['the prompt may not be empty', { prompt: { ...TEXT, minLength: 1 } }, ['prompt'], {}],
    ['the image must be in its own input', { image: FILE }, ['image'], { imageCount: 1 }],
    ['they are too many', { messages: { ...CHAT.messages, maxItems: 3 } }, [], {}],
    ['the operator has fixed them', {}, [], { model: { id: 'm', upstream: 'o/m', input: { messages: [] } } }],
  ])('is a script where %s', (_, properties, required, more) => {
    const model = modelOf({ prompt: TEXT, ...CHAT, ...properties }, required);
    const prompt = more.imageCount ? TURNS : [user('What is it?'), ...TURNS.slice(1)];
    expect(inputOf(model, { prompt, ...more }).prompt).toBe(
      'User: What is it?\n\nAssistant: A cat.\n\nUser: Asleep?\n\nAssistant:',
    );
  });

  it("says the operator's system prompt first, and sends no question or image of his", () => {
    const input = { system_prompt: 'Be kind.', prompt: 'Hi.', image_input: ['https://a.example/blank.png'] };
    const model = { id: 'm', upstream: 'o/m', input };
    expect(inputOf(gpt, { model, prompt: TURNS, system: 'Be brief.', imageCount: 1 })).toMatchObject({
      system_prompt: 'Be kind.',
      messages: [{ content: 'Be kind.\n\nBe brief.' }, {}, {}, {}],
    });
    const kept = inputOf(gpt, { model, prompt: TURNS.slice(1) });
    expect(Object.keys(kept).sort()).toEqual(['image_input', 'messages', 'system_prompt']);
    expect(Object.keys(inputOf(gpt, { model, prompt: TURNS, imageCount: 1 })).sort()).toEqual([
      'messages',
      'system_prompt',
    ]);
  });
});

describe('a conversation with a model that takes a history', () => {
  const llava = modelOf({ prompt: TEXT, image: FILE, history: HISTORY });

  it('has its earlier turns there, the last in the prompt, and the tag where the image is', () => {
    expect(inputOf(llava, { prompt: TURNS, system: 'Be brief.', imageCount: 1 })).toEqual({
      image: 'https://a.example/0.png',
      history: ['Be brief.\n\n<image>\nWhat is it?', 'A cat.'],
      prompt: 'Asleep?',
    });
    const late = [user('Hi.'), assistant('Hello.'), user('What is it?', 0)];
    expect(inputOf(llava, { prompt: late, imageCount: 1 })).toMatchObject({
      history: ['Hi.', 'Hello.'],
      prompt: 'What is it?\n<image>',
    });
  });

  it('has no tag of a caller: one too many makes the model fail', () => {
    const prompt = [user(0, 'a <image>'), assistant('<image>'), user('<image>?')];
    expect(inputOf(llava, { prompt, system: '<image>', imageCount: 1 })).toMatchObject({
      history: ['< image>\n\n<image>\na < image>', '< image>'],
      prompt: '< image>?',
    });
    expect(inputOf(llava, { prompt: [user(0, '<image>?')], imageCount: 1 }).prompt).toBe('< image>?');
    expect(inputOf(llava, { prompt: '<image>?', imageCount: 1 }).prompt).toBe('< image>?');
  });

  it('mentions images in words where the model reads no tag', () => {
    const plain = modelOf({ prompt: TEXT, image: FILE, history: { type: 'array', items: TEXT } });
    const late = [user('Hi.'), assistant('Hello.'), user('What is it?', 0)];
    expect(inputOf(plain, { prompt: late, imageCount: 1 }).prompt).toBe('What is it?\n[image 1]');
    expect(inputOf(plain, { prompt: TURNS, imageCount: 1 }).history).toEqual(['What is it?', 'A cat.']);
  });

  it.each([
    ['the model began', [assistant('Hi.'), user('Who?')]],
    ['two turns are of one side', [user('Hi.'), user('Hi?'), user('Who?')]],
    ['a turn is empty', [user(' '), assistant('Hi.'), user('Who?')]],
    ['the last turn is not the user', [user('Hi.'), assistant('Hi.')]],
  ])('is a script where %s', (_, prompt) => {
    const input = inputOf(llava, { prompt });
    expect(Object.keys(input)).toEqual(['prompt']);
    expect(input.prompt).toMatch(/^(User|Assistant): [^]*\n\nAssistant:$/);
  });
});

describe('the texts of a conversation', () => {
  it('fit the bounds of the model as a whole, or are refused by the name of the messages', () => {
    const model = modelOf({ prompt: { ...TEXT, maxLength: 30 }, system: { ...TEXT, maxLength: 3 } });
    const refusal = { reason: 'string_above_max_length', param: 'messages' };
    expect(refusalOf({ prompt: TURNS.slice(1) }, model)).toMatchObject(refusal);
    expect(refusalOf({ prompt: [user('Hi.')], system: 'four' }, model)).toMatchObject({ param: 'messages' });
    const strict = modelOf({ prompt: { ...TEXT, minLength: 1 } });
    expect(refusalOf({ prompt: [user('')] }, strict)).toMatchObject({
      reason: 'empty_string',
      param: 'messages',
    });
  });

  it('have a neutral question for an image without words', () => {
    const model = modelOf({ prompt: TEXT, image: FILE });
    expect(inputOf(model, { prompt: [user(0)], imageCount: 1 }).prompt).toBe('Describe the image.');
  });
});
