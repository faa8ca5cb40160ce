import { describe, expect, it } from 'vitest';
import { MAX_IMAGES } from '../images/image-limits.js';
import type { Turn } from '../inference/conversation.js';
import { refusalOf } from '../http/validated.fixture.js';
import type { ChatMessage } from './chat-messages.contract.js';
import { readConversation } from './turns.js';

const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });
const system = (content: string): ChatMessage => ({ role: 'system', content });
const text = (words: string) => ({ type: 'text' as const, text: words });
const image = (name: number | string) => ({
  type: 'image_url' as const,
  image_url: { url: `https://a.example/${name}.jpg` },
});
const parts = (...content: (ReturnType<typeof text> | ReturnType<typeof image>)[]): ChatMessage => ({
  role: 'user',
  content,
});

describe('a conversation', () => {
  it.each<[string, ChatMessage[], unknown]>([
    ['a question', [user('Hi.')], 'Hi.'],
    ['a question as a part', [parts(text('Hi.'))], 'Hi.'],
    ['images before a question', [parts(image(1), image(2), text('Hi.'))], 'Hi.'],
    ['images in a message before the question', [parts(image(1)), user('Hi.')], 'Hi.'],
    ['a question under a system', [system('Be kind.'), user('Hi.')], 'Hi.'],
    ['an empty text beside a question', [parts(text(''), image(1), text('Hi.'))], 'Hi.'],
    ['an image after its question', [parts(text('Hi.'), image(1))], [turn('user', 'Hi.', 0)]],
    ['two texts', [parts(text('a'), text('b'))], [turn('user', 'a', 'b')]],
    ['images alone', [parts(image(1), image(2))], [turn('user', 0, 1)]],
    ['two questions at once', [user('a'), user('b')], [turn('user', 'a', 'b')]],
    [
      'turns with images in their places',
      [parts(image(1), text('a')), assistant('b'), parts(text('c'), image(2), text('d'), image(3))],
      [turn('user', 0, 'a'), turn('assistant', 'b'), turn('user', 'c', 1, 'd', 2)],
    ],
    [
      'answers of one side together',
      [user('a'), assistant('b'), assistant('c'), user('d')],
      [turn('user', 'a'), turn('assistant', 'b', 'c'), turn('user', 'd')],
    ],
    ['an assistant who begins', [assistant('a'), user('b')], [turn('assistant', 'a'), turn('user', 'b')]],
    ['an assistant who says nothing', [user('a'), assistant(''), user('b')], [turn('user', 'a', 'b')]],
    ['a system between two questions', [user('a'), system('x'), user('b')], [turn('user', 'a', 'b')]],
    [
      'a refusal',
      [user('a'), { role: 'assistant', content: null, refusal: 'No.' }, user('b')],
      [turn('user', 'a'), turn('assistant', 'No.'), turn('user', 'b')],
    ],
    [
      'a refusal among texts',
      [
        user('a'),
        { role: 'assistant', content: [text('Well.'), { type: 'refusal', refusal: 'No.' }] },
        user('b'),
      ],
      [turn('user', 'a'), turn('assistant', 'Well.', 'No.'), turn('user', 'b')],
    ],
  ])('is read from %s', (_, messages, prompt) => {
    expect(readConversation(messages).prompt).toEqual(prompt);
  });

  it('has its images in order, each with its place', () => {
    const { images } = readConversation([
      parts(image(1)),
      assistant('x'),
      parts(text('a'), image(2), image('3')),
    ]);
    expect(images).toEqual([
      { kind: 'address', url: 'https://a.example/1.jpg', param: 'messages[0].content[0].image_url.url' },
      { kind: 'address', url: 'https://a.example/2.jpg', param: 'messages[2].content[1].image_url.url' },
      { kind: 'address', url: 'https://a.example/3.jpg', param: 'messages[2].content[2].image_url.url' },
    ]);
  });

  it('puts together what systems and developers say, also after the question', () => {
    const { system: all, prompt } = readConversation([
      system('a'),
      { role: 'developer', content: [text('b'), text(''), text('c')] },
      user('Hi.'),
      system(''),
      { role: 'developer', content: 'd' },
    ]);
    expect(all).toBe('a\n\nb\n\nc\n\nd');
    expect(prompt).toBe('Hi.');
    expect(readConversation([user('Hi.')]).system).toBe('');
  });

  it.each<[string, ChatMessage[], string, string]>([
    ['a user says nothing', [user('')], 'messages[0].content', 'empty_string'],
    ['a user says nothing in parts', [user('a'), parts(text(''))], 'messages[1].content', 'empty_string'],
    ['the assistant has the last word', [user('a'), assistant('b')], 'messages', 'invalid_value'],
    ['a system follows the assistant', [user('a'), assistant(''), system('b')], 'messages', 'invalid_value'],
    ['nobody asks', [system('a')], 'messages', 'invalid_value'],
    [
      'the assistant says null',
      [{ role: 'assistant', content: null }, user('a')],
      'messages[0].content',
      'invalid_type',
    ],
    [
      'the assistant lacks a text',
      [{ role: 'assistant' }, user('a')],
      'messages[0].content',
      'missing_required_parameter',
    ],
    [
      'an image is none',
      [parts({ type: 'image_url', image_url: { url: 'x' } })],
      'messages[0].content[0].image_url.url',
      'invalid_image_url',
    ],
    [
      'texts are too long together',
      [...Array<ChatMessage>(3).fill(user('x'.repeat(400_000)))],
      'messages',
      'string_above_max_length',
    ],
  ])('is refused where %s', (_, messages, param, reason) => {
    expect(refusalOf(() => readConversation(messages))).toMatchObject({ param, reason, status: 400 });
  });

  it('may have so many images and no more, counted before any is looked at (C9)', () => {
    const bad = { type: 'image_url' as const, image_url: { url: 'no image' } };
    const many = (count: number) => Array.from({ length: count }, (_, i) => parts(image(i), text('x')));
    expect(readConversation(many(MAX_IMAGES)).images).toHaveLength(MAX_IMAGES);
    expect(refusalOf(() => readConversation([parts(bad), ...many(MAX_IMAGES)]))).toMatchObject({
      reason: 'array_above_max_length',
      param: 'messages',
    });
  });

  it('may have as many parts as a body holds', () => {
    const { prompt } = readConversation([
      { role: 'system', content: Array.from({ length: 99_000 }, () => text('s')) },
      user('a'),
      parts(...Array.from({ length: 99_000 }, () => text('b'))),
    ]);
    expect(prompt[0]).toMatchObject({ role: 'user' });
    expect((prompt[0] as Turn).parts).toHaveLength(99_001);
  });
});

/** Numbers are images. */
function turn(role: 'user' | 'assistant', ...said: (string | number)[]): object {
  return { role, parts: said.map((one) => (typeof one === 'string' ? { text: one } : { image: one })) };
}
