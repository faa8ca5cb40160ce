import { describe, expect, it } from 'vitest';
import { assistant, user } from './model-interface.fixture.js';
import { isBlank, mentionsFor, textOfTurn } from './turn-texts.js';

const bare = () => undefined;
const counted = (image: number) => `[image ${image + 1}]`;

describe('the text of a turn', () => {
  it('has its parts on lines of their own, and mentions where its images are', () => {
    const turn = user('Compare this', 0, 'to this', 1);
    expect(textOfTurn(turn, counted)).toBe('Compare this\n[image 1]\nto this\n[image 2]');
    expect(textOfTurn(turn, bare)).toBe('Compare this\nto this');
  });

  it.each([
    [user(0), counted, '[image 1]\nDescribe the image.'],
    [user(0), bare, 'Describe the image.'],
    [user(0, ' ', 1), bare, 'Describe the images.'],
    [user(''), bare, ''],
    [assistant(''), bare, ''],
  ])('is a neutral question for images without a word, and nothing for nothing: %j', (turn, mark, text) => {
    expect(textOfTurn(turn, mark)).toBe(text);
    expect(isBlank(turn)).toBe(text === '');
  });
});

describe('a mention', () => {
  it('is not made of the one image that comes with the first words of the user', () => {
    expect(mentionsFor([user('Look', 0)], 1)(0)).toBeUndefined();
    expect(mentionsFor([assistant('Hi.'), user('Look', 0)], 1)(0)).toBeUndefined();
  });

  it('is made of an image that comes later, and of each of several, counted from 1', () => {
    expect(mentionsFor([user('Hi'), assistant('Hi.'), user('Look', 0)], 1)(0)).toBe('[image 1]');
    expect([0, 1].map(mentionsFor([user('Look', 0, 1)], 2))).toEqual(['[image 1]', '[image 2]']);
  });
});
