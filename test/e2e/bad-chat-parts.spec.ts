// Parts of messages that are none: each is told in OpenAI's words what is wrong and where, and Replicate never hears of it.
import { describe, it } from 'vitest';
import { badChats, messages, user, content, PARTS, type Case } from '../support/bad-chats.js';
import { imagePart, PICTURE, textPart } from '../support/chat.js';

const chats = badChats();

describe('a part', () => {
  const system = (...parts: object[]) => messages({ role: 'system', content: parts }, user('Hi'));
  const image = (image_url: unknown) => content({ type: 'image_url', image_url });

  it.each<Case>([
    [
      'that is a text',
      content('Hi'),
      'messages[0].content[0]',
      'invalid_type',
      /expected an object, but got a string/,
    ],
    ['that is null', content(textPart('Hi'), null), 'messages[0].content[1]', 'invalid_type', /but got null/],
    [
      'without a type',
      content({ text: 'Hi' }),
      'messages[0].content[0].type',
      'missing_required_parameter',
      "Missing required parameter: 'messages[0].content[0].type'.",
    ],
    [
      'of type 5',
      content({ type: 5 }),
      'messages[0].content[0].type',
      'invalid_type',
      /one of 'text' and 'image_url', but got an integer/,
    ],
    [
      'of an unknown type',
      content({ type: 'x' }),
      'messages[0].content[0].type',
      'invalid_value',
      `Invalid value: 'x'. ${PARTS}`,
    ],
    [
      'of the Responses API with a picture',
      content(textPart('a'), { type: 'input_image', image_url: PICTURE }),
      'messages[0].content[1].type',
      'invalid_value',
      `Invalid value: 'input_image'. ${PARTS} Did you mean 'image_url'?`,
    ],
    [
      'of the Responses API with a text',
      content({ type: 'input_text', text: 'a' }),
      'messages[0].content[0].type',
      'invalid_value',
      `Invalid value: 'input_text'. ${PARTS} Did you mean 'text'?`,
    ],
    [
      "of Anthropic's",
      content({ type: 'image', source: {} }),
      'messages[0].content[0].type',
      'invalid_value',
      /Did you mean 'image_url'\?/,
    ],
    [
      'with sound',
      content({ type: 'input_audio', input_audio: { data: '', format: 'wav' } }),
      'messages[0].content[0].type',
      'unsupported_value',
      "Unsupported value: 'messages[0].content[0].type' does not support 'input_audio'. Only text and images are taken.",
    ],
    [
      'with a file',
      content({ type: 'file', file: { file_id: 'file-1' } }),
      'messages[0].content[0].type',
      'unsupported_value',
      /Only text/,
    ],
    [
      'without its text',
      content({ type: 'text' }),
      'messages[0].content[0].text',
      'missing_required_parameter',
      /./,
    ],
    [
      'with a text that is null',
      content({ type: 'text', text: null }),
      'messages[0].content[0].text',
      'invalid_type',
      /got null/,
    ],
    [
      'with a text that is an object (C11)',
      content({ type: 'text', text: { not: '' } }),
      'messages[0].content[0].text',
      'invalid_type',
      /./,
    ],
    [
      'with an unknown field',
      content({ ...textPart('a'), cache_control: {} }),
      'messages[0].content[0].cache_control',
      'unknown_parameter',
      /./,
    ],
    [
      'without its picture',
      content({ type: 'image_url' }),
      'messages[0].content[0].image_url',
      'missing_required_parameter',
      /./,
    ],
    [
      'with a bare address',
      image(PICTURE),
      'messages[0].content[0].image_url',
      'invalid_type',
      `Invalid type for 'messages[0].content[0].image_url': expected an object, but got a string instead. Send {"url": "…"}.`,
    ],
    [
      'with a picture that is null',
      image(null),
      'messages[0].content[0].image_url',
      'invalid_type',
      /expected an object, but got null/,
    ],
    [
      'with a picture that is a list',
      image([PICTURE]),
      'messages[0].content[0].image_url',
      'invalid_type',
      /but got an array/,
    ],
    [
      'with a picture without an address',
      image({}),
      'messages[0].content[0].image_url.url',
      'missing_required_parameter',
      /./,
    ],
    [
      'with an address that is null',
      image({ url: null }),
      'messages[0].content[0].image_url.url',
      'invalid_type',
      /./,
    ],
    [
      'with an empty address',
      image({ url: '' }),
      'messages[0].content[0].image_url.url',
      'empty_string',
      /./,
    ],
    [
      'with an address that is none',
      image({ url: 'no address' }),
      'messages[0].content[0].image_url.url',
      'invalid_image_url',
      /./,
    ],
    [
      'with a path',
      image({ url: 'file:///etc/passwd' }),
      'messages[0].content[0].image_url.url',
      'invalid_image_url',
      /./,
    ],
    [
      'with an address inside (D1)',
      image({ url: 'http://169.254.169.254/x' }),
      'messages[0].content[0].image_url.url',
      'invalid_image_url',
      /./,
    ],
    [
      'with bytes that are no picture',
      image({ url: 'data:image/png;base64,AAAA' }),
      'messages[0].content[0].image_url.url',
      'invalid_image',
      /./,
    ],
    [
      'with an unknown file',
      image({ url: `file-${'0'.repeat(32)}` }),
      'messages[0].content[0].image_url.url',
      'invalid_image_url',
      /./,
    ],
    [
      'with a detail that is none',
      image({ url: PICTURE, detail: 'ultra' }),
      'messages[0].content[0].image_url.detail',
      'invalid_value',
      "Invalid value: 'ultra'. Supported values are: 'auto', 'low', 'high', and 'original'.",
    ],
    [
      'with a detail that is a number',
      image({ url: PICTURE, detail: 1 }),
      'messages[0].content[0].image_url.detail',
      'invalid_type',
      /./,
    ],
    [
      'with more in a picture',
      image({ url: PICTURE, foo: 1 }),
      'messages[0].content[0].image_url.foo',
      'unknown_parameter',
      /./,
    ],
    [
      'of a system with a picture',
      system(imagePart()),
      'messages[0].content[0].type',
      'invalid_value',
      /Images belong into messages of users/,
    ],
    [
      'of an assistant with a picture',
      messages({ role: 'assistant', content: [imagePart()] }, user('Hi')),
      'messages[0].content[0].type',
      'invalid_value',
      /Images belong into messages of users/,
    ],
    [
      'of a user that is a refusal',
      content({ type: 'refusal', refusal: 'No.' }),
      'messages[0].content[0].type',
      'invalid_value',
      /./,
    ],
  ])('%s is refused', (...bad) => chats.expectRefused(bad));

  it('is the seventeenth picture: all are counted before any is looked at (C9)', async () => {
    const parts = Array.from({ length: 17 }, () => imagePart('https://127.0.0.1/x.png'));
    await chats.expectRefused([
      '',
      content(...parts),
      'messages',
      'array_above_max_length',
      /at most 16 images .* got 17/,
    ]);
    const many = Array.from({ length: 1000 }, () => imagePart());
    await chats.expectRefused(['', content(...many), 'messages', 'array_above_max_length', /got 1000/]);
  });
});
