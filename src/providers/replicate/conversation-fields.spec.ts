import { describe, expect, it } from 'vitest';
import { modelOf, TEXT } from './model-interface.fixture.js';

const TEXTS = { type: 'array', items: TEXT };
const OBJECTS = { type: 'array', items: { type: 'object' } };
const LLAVA =
  'List of earlier chat messages, alternating roles, starting with user input. Include <image> to specify which message to attach the image to.';

describe('the turns of a conversation', () => {
  it('go into messages that are objects', () => {
    const { messages } = modelOf({ prompt: TEXT, messages: { ...OBJECTS, maxItems: 9 } });
    expect(messages).toEqual({ name: 'messages', minimum: 0, maximum: 9 });
  });

  it('go into a history of texts, with the word for an image that its description names', () => {
    const bounds = { minimum: 0, maximum: Infinity };
    const { history } = modelOf({ prompt: TEXT, history: { ...TEXTS, description: LLAVA } });
    expect(history).toEqual({ name: 'history', ...bounds, imageTag: '<image>' });
    expect(modelOf({ prompt: TEXT, chatHistory: TEXTS }).history).toEqual({ name: 'chatHistory', ...bounds });
  });

  it.each<[string, object]>([
    ['messages', TEXTS],
    ['messages', TEXT],
    ['messages', { type: 'array' }],
    ['history', OBJECTS],
    ['history', TEXT],
    ['history', { type: 'array', items: { ...TEXT, enum: ['a'] } }],
    ['history', { type: 'array', items: { ...TEXT, format: 'uri' } }],
    ['history', { ...TEXTS, description: 'Turns as JSON objects' }],
    ['image_history', TEXTS],
  ])('go into no %s of another kind: %j', (name, property) => {
    const { messages, history } = modelOf({ prompt: TEXT, [name]: property });
    expect([messages, history]).toEqual([undefined, undefined]);
  });

  it('are not where images go, whatever their description says', () => {
    const description = 'Comma separated texts, each may have the URL of an image';
    const { images, prompt } = modelOf({ prompt: TEXT, history: { ...TEXTS, description } });
    expect([images, prompt.name]).toEqual([[], 'prompt']);
  });
});
