import { describe, expect, it } from 'vitest';
import type { ImageForm } from '../../inference/inference.js';
import { planInput, withImages } from './input.js';
import type { ModelInterface } from './model-interface.js';
import { FILE, modelOf, refusalOf, requestOf, TEXT, user } from './model-interface.fixture.js';

const FILES = { type: 'array', items: FILE };
const TEXTS = { type: 'array', items: TEXT };

function inputOf(model: ModelInterface, form: ImageForm, values: string[]): Record<string, unknown> {
  const planned = planInput(requestOf({ imageCount: values.length }), model);
  const { prompt, ...images } = withImages(
    planned,
    model,
    values.map((value) => ({ form, value })),
  );
  expect(prompt).toBe('Describe.');
  return images;
}

describe('the images of a request', () => {
  it.each<[string, Record<string, object>, ImageForm, string[], object]>([
    ['one file', { image: FILE }, 'uri', ['a'], { image: 'a' }],
    ['a list', { images: FILES }, 'uri', ['a', 'b'], { images: ['a', 'b'] }],
    ['a text', { image_urls: TEXT }, 'address', ['a,1', 'b'], { image_urls: 'a%2C1,b' }],
    [
      'numbers',
      { image1: FILE, image2: FILE, image3: FILE },
      'uri',
      ['a', 'b'],
      { image1: 'a', image2: 'b' },
    ],
    ['base64', { image_base64: TEXT }, 'base64', ['aGk='], { image_base64: 'aGk=' }],
    ['the list', { image_url: TEXTS, image_base64: TEXTS }, 'base64', ['aGk='], { image_base64: ['aGk='] }],
    ['the list, being several', { image: FILE, images: FILES }, 'uri', ['a', 'b'], { images: ['a', 'b'] }],
  ])('go into %s', (_, properties, form, values, input) => {
    expect(inputOf(modelOf({ prompt: TEXT, ...properties }), form, values)).toEqual(input);
  });

  it('may have every form that takes so many', () => {
    const model = modelOf({ prompt: TEXT, image_base64: TEXT, image_urls: TEXTS });
    const formsOf = (imageCount: number) => planInput(requestOf({ imageCount }), model).imageForms;
    expect([formsOf(0), formsOf(1), formsOf(2)]).toEqual([[], ['base64', 'address'], ['address']]);
  });

  it('are refused by a model that takes none', () => {
    expect(refusalOf({ imageCount: 1 }, modelOf({ prompt: TEXT }))).toMatchObject({
      reason: 'unsupported_value',
      param: 'image_urls',
      message: 'This model takes no images.',
    });
  });

  it('are refused where they are more than the model takes', () => {
    const model = modelOf({ prompt: TEXT, image1: FILE, image2: FILE, image3: FILE });
    expect(refusalOf({ imageCount: 4 }, model)).toMatchObject({
      reason: 'array_above_max_length',
      param: 'image_urls',
      message: "Invalid 'image_urls': this model takes at most 3 images, but got 4.",
    });
  });

  it('are asked for where the model needs more of them', () => {
    const model = modelOf({ prompt: TEXT, images: { ...FILES, minItems: 2 } }, ['images']);
    expect(refusalOf({ imageCount: 0 }, model)).toMatchObject({ param: 'image_urls' });
    expect(refusalOf({ imageCount: 1 }, model)).toMatchObject({
      reason: 'missing_required_parameter',
      param: 'image_urls[1]',
    });
  });

  it.each<[string, number, Record<string, object>, object]>([
    [
      'too many',
      2,
      { image: FILE },
      { reason: 'array_above_max_length', message: /one image, but got 2\.$/ },
    ],
    ['too few', 1, { images: { ...FILES, minItems: 2 } }, { message: /at least 2 images, but got 1\.$/ }],
    ['missing', 0, { image: FILE }, { reason: 'missing_required_parameter', message: /there is no image/ }],
    ['of no use', 1, {}, { reason: 'unsupported_value', message: /takes no images/ }],
  ])('are refused by the name of the messages that they are in: %s', (_, imageCount, properties, refusal) => {
    const prompt = [user('Describe.', ...Array.from({ length: imageCount }, (_, image) => image))];
    const model = modelOf({ prompt: TEXT, ...properties }, Object.keys(properties));
    const { message, ...rest } = refusal as { message: RegExp };
    const error = refusalOf({ prompt, imageCount }, model);
    expect(error).toMatchObject({ ...rest, param: 'messages' });
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('image_urls');
  });
});
