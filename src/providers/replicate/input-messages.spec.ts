import { expect, it } from 'vitest';
import { messagesInput } from './input-messages.js';
import { assistant, user } from './model-interface.fixture.js';

const IMAGES = ['a', 'b'].map((value) => ({ form: 'uri' as const, value }));
const picture = (url: string) => ({ type: 'image_url', image_url: { url } });

it('messages have each image in its place, by its position, and texts alone as texts', () => {
  const turns = [user('x', 1, 'y', 0), assistant(''), user('p', 'q')];
  expect(messagesInput({ name: 'm', system: 's', turns }, IMAGES)).toEqual({
    m: [
      { role: 'system', content: 's' },
      {
        role: 'user',
        content: [{ type: 'text', text: 'x' }, picture('b'), { type: 'text', text: 'y' }, picture('a')],
      },
      { role: 'assistant', content: '' },
      { role: 'user', content: 'p\nq' },
    ],
  });
});

it('messages have images without a word as they are, and no empty text beside them', () => {
  expect(messagesInput({ name: 'm', system: '', turns: [user(0, '')] }, IMAGES)).toEqual({
    m: [{ role: 'user', content: [picture('a')] }],
  });
});

it('messages are never sent without one of their images', () => {
  expect(() => messagesInput({ name: 'm', system: '', turns: [user(2)] }, IMAGES)).toThrow('position 2');
});
