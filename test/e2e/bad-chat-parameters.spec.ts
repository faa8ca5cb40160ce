// Parameters of chats that are none: each is told in OpenAI's words what is wrong and where, and Replicate never hears of it.
import { describe, expect, it } from 'vitest';
import { badChats, user, format, schemaFormat, type Case } from '../support/bad-chats.js';
import { aChat, errorOf } from '../support/chat.js';

const LLAVA = 'yorickvp/llava-13b';
const chats = badChats();

describe('a parameter', () => {
  const integer = (param: string, value: unknown, code: string, message: RegExp): Case[] => [
    [`${param} ${JSON.stringify(value)}`, { [param]: value }, param, code, message],
  ];

  it.each<Case>([
    [
      'n 0',
      { n: 0 },
      'n',
      'integer_below_min_value',
      "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ],
    [
      'n 129',
      { n: 129 },
      'n',
      'integer_above_max_value',
      "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 129 instead.",
    ],
    [
      'n 1.5',
      { n: 1.5 },
      'n',
      'invalid_type',
      "Invalid type for 'n': expected an integer, but got a decimal instead.",
    ],
    ...integer('n', '2', 'invalid_type', /got a string/),
    ...integer('max_tokens', 0, 'integer_below_min_value', />= 1, but got 0/),
    ...integer('max_tokens', -1, 'integer_below_min_value', />= 1, but got -1/),
    ...integer('max_tokens', 1e12, 'integer_above_max_value', /<= 2147483647/),
    ...integer('max_completion_tokens', 0, 'integer_below_min_value', /./),
    ...integer('max_completion_tokens', 1.5, 'invalid_type', /./),
    ...integer('max_completion_tokens', 'many', 'invalid_type', /./),
    ...integer('max_completion_tokens', true, 'invalid_type', /got a boolean/),
    ...integer('seed', 2 ** 53, 'integer_above_max_value', /./),
    ...integer('seed', 1.5, 'invalid_type', /./),
    ...integer('top_k', -1, 'integer_below_min_value', /./),
    [
      'temperature 2.1',
      { temperature: 2.1 },
      'temperature',
      'decimal_above_max_value',
      "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.1 instead.",
    ],
    ['temperature -0.1', { temperature: -0.1 }, 'temperature', 'decimal_below_min_value', /./],
    ['temperature hot', { temperature: 'hot' }, 'temperature', 'invalid_type', /./],
    ['top_p 1.1', { top_p: 1.1 }, 'top_p', 'decimal_above_max_value', /./],
    ['top_p -1', { top_p: -1 }, 'top_p', 'decimal_below_min_value', /./],
    [
      'frequency_penalty 2.5',
      { frequency_penalty: 2.5 },
      'frequency_penalty',
      'decimal_above_max_value',
      /./,
    ],
    ['presence_penalty -3', { presence_penalty: -3 }, 'presence_penalty', 'decimal_below_min_value', /./],
    [
      'five stops',
      { stop: ['a', 'b', 'c', 'd', 'e'] },
      'stop',
      'array_above_max_length',
      "Invalid 'stop': array too long. Expected at most 4 elements.",
    ],
    ['a stop that is a number', { stop: 5 }, 'stop', 'invalid_type', /string or an array of strings/],
    ['a stop that holds null', { stop: ['a', null] }, 'stop[1]', 'invalid_type', /./],
    ['a stop with NUL', { stop: 'a\0' }, 'stop', 'invalid_value', /./],
    [
      'stream "true" (C14)',
      { stream: 'true' },
      'stream',
      'invalid_type',
      "Invalid type for 'stream': expected a boolean, but got a string instead.",
    ],
    ['stream 1 (C14)', { stream: 1 }, 'stream', 'invalid_type', /got an integer/],
    [
      'stream_options without a stream',
      { stream_options: { include_usage: true } },
      'stream_options',
      'invalid_value',
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    ],
    [
      'stream_options of stream false',
      { stream: false, stream_options: {} },
      'stream_options',
      'invalid_value',
      /./,
    ],
    [
      'stream_options that are a flag',
      { stream: true, stream_options: true },
      'stream_options',
      'invalid_type',
      /./,
    ],
    [
      'an unknown stream option',
      { stream: true, stream_options: { x: 1 } },
      'stream_options.x',
      'unknown_parameter',
      /./,
    ],
    [
      'a stream option of another type',
      { stream: true, stream_options: { include_usage: 'yes' } },
      'stream_options.include_usage',
      'invalid_type',
      /./,
    ],
    ['a user that is a number', { user: 5 }, 'user', 'invalid_type', /./],
    ['metadata that is a text', { metadata: 'x' }, 'metadata', 'invalid_type', /./],
    ['do_sample "true"', { do_sample: 'true' }, 'do_sample', 'invalid_type', /./],
    ['response_format text', format('json_object'), 'response_format', 'invalid_type', /expected an object/],
    ['response_format without a type', format({}), 'response_format.type', 'missing_required_parameter', /./],
    [
      'response_format of an unknown type',
      format({ type: 'xml' }),
      'response_format.type',
      'invalid_value',
      "Invalid value: 'xml'. Supported values are: 'text', 'json_object', and 'json_schema'.",
    ],
    [
      'response_format with more',
      format({ type: 'text', schema: {} }),
      'response_format.schema',
      'unknown_parameter',
      /./,
    ],
    [
      'json_schema that is missing',
      format({ type: 'json_schema' }),
      'response_format.json_schema',
      'missing_required_parameter',
      /./,
    ],
    [
      'json_schema in the place of the Responses API',
      format({ type: 'json_schema', name: 'a', schema: {} }),
      'response_format.name',
      'unknown_parameter',
      /./,
    ],
    [
      'json_schema without a name',
      schemaFormat({ schema: {} }),
      'response_format.json_schema.name',
      'missing_required_parameter',
      /./,
    ],
    [
      'json_schema with a bad name',
      schemaFormat({ name: 'a b', schema: {} }),
      'response_format.json_schema.name',
      'invalid_value',
      /pattern/,
    ],
    [
      'json_schema with a long name',
      schemaFormat({ name: 'a'.repeat(65), schema: {} }),
      'response_format.json_schema.name',
      'string_above_max_length',
      /./,
    ],
    [
      'json_schema without a schema',
      schemaFormat({ name: 'a' }),
      'response_format.json_schema.schema',
      'missing_required_parameter',
      /./,
    ],
    [
      'json_schema whose schema is true',
      schemaFormat({ name: 'a', schema: true }),
      'response_format.json_schema.schema',
      'invalid_type',
      /./,
    ],
    [
      'json_schema with strict "yes"',
      schemaFormat({ name: 'a', schema: {}, strict: 'yes' }),
      'response_format.json_schema.strict',
      'invalid_type',
      /./,
    ],
  ])('is refused: %s', async (...bad) => {
    await chats.expectRefused(bad);
    // A stream that never began is an ordinary answer.
    if (!('stream' in bad[1] || 'stream_options' in bad[1])) {
      await chats.expectRefused([bad[0], { ...bad[1], stream: true }, bad[2], bad[3], bad[4]]);
    }
  });

  it('that is too large for a number is refused (C7)', async () => {
    for (const [name, text] of [
      ['temperature', '1e999'],
      ['n', '1e999'],
      ['seed', '9007199254740993'],
      ['top_p', '-1e999'],
    ] as const) {
      const answer = await chats.post(`${JSON.stringify(aChat()).slice(0, -1)},"${name}":${text}}`);
      expect([answer.status, errorOf(answer).param]).toEqual([400, name]);
    }
  });

  it("is held against what the model takes, by the caller's name", async () => {
    await chats.expectRefused(['', { model: LLAVA, top_k: 5 }, 'top_k', 'unsupported_parameter', /top_k/]);
    await chats.expectRefused([
      '',
      { messages: [user('Hi')] },
      'messages',
      'missing_required_parameter',
      /about images only/,
    ]);
  });
});
