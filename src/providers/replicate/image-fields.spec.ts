import { describe, expect, it } from 'vitest';
import type { ImageChannel } from './image-fields.js';
import { FILE, modelOf, TEXT } from './model-interface.fixture.js';

const FILES = { type: 'array', items: FILE };
const TEXTS = { type: 'array', items: TEXT };

const inWords = ({ container, form, names, capacity, required }: ImageChannel) =>
  `${required ? 'required ' : ''}${container} of ${form} in ${names.join(', ')}, ${capacity} at most`;

function imagesOf(properties: Record<string, object>, required: string[] = []): string[] {
  return modelOf({ prompt: TEXT, ...properties }, required).images.map(inWords);
}

describe('the images of a model', () => {
  it.each<[string, Record<string, object>, string[]]>([
    ['a file', { image: FILE }, ['one of uri in image, 1 at most']],
    ['a list of files', { image_input: FILES }, ['list of uri in image_input, Infinity at most']],
    ['a short list', { images: { ...FILES, maxItems: 10 } }, ['list of uri in images, 10 at most']],
    ['a list of addresses', { image_urls: TEXTS }, ['list of address in image_urls, Infinity at most']],
    ['a list without items', { urls: { type: 'array' } }, ['list of address in urls, Infinity at most']],
    [
      'addresses in one text, by its name',
      { image_urls: TEXT },
      ['csv of address in image_urls, Infinity at most'],
    ],
    [
      'addresses in one text, by its description',
      { pictures_of_it: { ...TEXT, description: 'Comma-separated URLs of images' } },
      ['csv of address in pictures_of_it, Infinity at most'],
    ],
    ['an address', { image_url: TEXT }, ['one of address in image_url, 1 at most']],
    ['base64, by its name', { image_base64: TEXT }, ['one of base64 in image_base64, 1 at most']],
    [
      'base64, by its description',
      { img: { ...TEXT, description: 'Base64 encoded picture' } },
      ['one of base64 in img, 1 at most'],
    ],
    [
      'an address or base64',
      { image: { ...TEXT, description: 'URL of the image, or base64' } },
      ['one of address in image, 1 at most', 'one of base64 in image, 1 at most'],
    ],
    [
      'an address or a data URI, which no upload can be',
      { image: { ...TEXT, description: 'URL or base64 data URI' } },
      ['one of address in image, 1 at most'],
    ],
    [
      'lists of addresses and of base64 (hayooucom/vision-llama3)',
      { image_url: { ...TEXTS, default: [] }, image_base64: { ...TEXTS, default: [] } },
      ['list of address in image_url, Infinity at most', 'list of base64 in image_base64, Infinity at most'],
    ],
    [
      'numbered files',
      { image2: FILE, image1: FILE, image10: FILE },
      ['numbered of uri in image1, image2, image10, 3 at most'],
    ],
    [
      'a file and further numbered ones',
      { image: FILE, image_2: FILE },
      ['numbered of uri in image, image_2, 2 at most'],
    ],
    ['a `media` file, for want of a better', { media: FILE }, ['one of uri in media, 1 at most']],
    ['any file, for want of a better', { thing: FILE }, ['one of uri in thing, 1 at most']],
    [
      'the file that says so, not the first',
      { file: FILE, style_image: FILE, image: FILE },
      ['one of uri in image, 1 at most'],
    ],
    ['a file that may be an image', { image_or_video: FILE }, ['one of uri in image_or_video, 1 at most']],
    [
      'optional files behind anyOf',
      { image: { anyOf: [FILE, { type: 'null' }] } },
      ['one of uri in image, 1 at most'],
    ],
  ])('are %s', (_, properties, expected) => {
    expect(imagesOf(properties)).toEqual(expected);
  });

  it.each(['files_archive', 'audio', 'video', 'mask', 'image_mask', 'lora_weights', 'images_zip', 'pdf'])(
    'are not the file %s',
    (name) => {
      expect(imagesOf({ [name]: FILE })).toEqual([]);
    },
  );

  it.each([
    ['image_size', TEXT],
    ['image_format', { type: 'string', enum: ['png', 'jpg'] }],
    ['image_prompt', TEXT],
    ['url', { ...TEXT, description: 'Page to summarise' }],
    ['num_images', { type: 'integer' }],
    ['images', { type: 'array', items: { type: 'integer' } }],
    ['image', { type: 'string', format: 'password' }],
  ])('are not the setting %s', (name, property) => {
    expect(imagesOf({ [name]: property })).toEqual([]);
  });

  it('go where one must be sent, and nowhere else', () => {
    expect(imagesOf({ image: FILE, input_image: FILE }, ['input_image'])).toEqual([
      'required one of uri in input_image, 1 at most',
    ]);
    expect(imagesOf({ image: FILE, reference_image: FILE }, ['reference_image'])).toEqual([
      'required one of uri in reference_image, 1 at most',
    ]);
  });

  it('are at least as many as must be sent', () => {
    const model = modelOf({ prompt: TEXT, image1: FILE, image2: FILE, image3: FILE }, ['image1', 'image2']);
    expect(model.images).toMatchObject([{ minimum: 2, capacity: 3, required: true }]);
  });

  it('leave a second input that must be sent to the operator', () => {
    expect(modelOf({ prompt: TEXT, image: FILE, mask: FILE }, ['image', 'mask']).unfilled).toEqual(['mask']);
    expect(
      modelOf({ prompt: TEXT, image: FILE, input_image: FILE }, ['image', 'input_image']).unfilled,
    ).toEqual(['input_image']);
  });
});
