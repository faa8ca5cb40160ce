import { describe, expect, it } from 'vitest';
import { refusalOf, validated } from '../http/validated.fixture.js';
import { ChatCompletionRequest } from './chat-request.contract.js';
import { EXAMPLES } from './examples.js';

const hello = { role: 'user', content: 'Hello.' };
const picture = { type: 'image_url', image_url: { url: 'https://a.example/1.jpg' } };
const schema = { name: 'receipt', schema: { type: 'object' } };

const refusal = (body: object) =>
  refusalOf(() => validated(ChatCompletionRequest, { messages: [hello], ...body }));
const user = (...content: unknown[]) => ({ messages: [{ role: 'user', content }] });

/** Bodies with the parameter, the reason and the words of their refusal. */
const REFUSED: [object, string, string, string?][] = [
  [
    { messages: undefined },
    'messages',
    'missing_required_parameter',
    "Missing required parameter: 'messages'.",
  ],
  [{ messages: null }, 'messages', 'invalid_type'],
  [{ messages: 'Hello.' }, 'messages', 'invalid_type'],
  [{ messages: { not: '' } }, 'messages', 'invalid_type'],
  [
    { messages: [] },
    'messages',
    'empty_array',
    "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
  ],
  [{ messages: Array(2001).fill(hello) }, 'messages', 'array_above_max_length'],
  [{ messages: ['x'] }, 'messages[0]', 'invalid_type'],
  [{ messages: [{ content: 'x' }] }, 'messages[0].role', 'missing_required_parameter'],
  [
    { messages: [hello, { ...hello, role: 'x' }] },
    'messages[1].role',
    'invalid_value',
    "Invalid value: 'x'. Supported values are: 'system', 'assistant', 'user', and 'developer'.",
  ],
  [
    { messages: [{ role: 'tool', content: 'x', tool_call_id: 'y' }] },
    'messages[0].role',
    'unsupported_value',
    "Unsupported value: 'messages[0].role' does not support 'tool'. Models here call no tools.",
  ],
  [{ messages: [{ role: 'function', content: 'x', name: 'f' }] }, 'messages[0].role', 'unsupported_value'],
  [{ messages: [{ role: 'user' }] }, 'messages[0].content', 'missing_required_parameter'],
  [{ messages: [{ role: 'user', content: null }] }, 'messages[0].content', 'invalid_type'],
  [
    { messages: [{ role: 'user', content: true }] },
    'messages[0].content',
    'invalid_type',
    "Invalid type for 'messages[0].content': expected a string or an array of parts, but got a boolean instead.",
  ],
  [{ messages: [{ role: 'user', content: 'a\0' }] }, 'messages[0].content', 'invalid_value'],
  [
    { messages: [{ ...hello, foo: 1 }] },
    'messages[0].foo',
    'unknown_parameter',
    "Unknown parameter: 'messages[0].foo'.",
  ],
  [{ messages: [{ ...hello, name: { not: '' } }] }, 'messages[0].name', 'invalid_type'],
  [{ messages: [{ ...hello, tool_calls: [] }] }, 'messages[0].tool_calls', 'unknown_parameter'],
  [
    { messages: [{ role: 'assistant', content: null, tool_calls: [{}] }, hello] },
    'messages[0].tool_calls',
    'unsupported_value',
    "Unsupported value for 'messages[0].tool_calls'. Models here call no tools.",
  ],
  [{ messages: [{ role: 'assistant', audio: { id: 'x' } }] }, 'messages[0].audio', 'unsupported_value'],
  [{ messages: [{ role: 'assistant', content: [picture] }] }, 'messages[0].content[0].type', 'invalid_value'],
  [
    { messages: [{ role: 'system', content: [picture] }, hello] },
    'messages[0].content[0].type',
    'invalid_value',
    "Invalid value: 'image_url'. Supported values are: 'text'. Images belong into messages of users.",
  ],
  [user(), 'messages[0].content', 'empty_array'],
  [user('x'), 'messages[0].content[0]', 'invalid_type'],
  [
    user({}),
    'messages[0].content[0].type',
    'missing_required_parameter',
    "Missing required parameter: 'messages[0].content[0].type'.",
  ],
  [user({ type: 'text' }), 'messages[0].content[0].text', 'missing_required_parameter'],
  [user({ type: 'text', text: 5 }), 'messages[0].content[0].text', 'invalid_type'],
  [
    user(picture, { type: 'input_image', image_url: 'x' }),
    'messages[0].content[1].type',
    'invalid_value',
    "Invalid value: 'input_image'. Supported values are: 'text' and 'image_url'. Did you mean 'image_url'?",
  ],
  [user({ type: 'input_text', text: 'x' }), 'messages[0].content[0].type', 'invalid_value'],
  [user({ type: 'image', source: {} }), 'messages[0].content[0].type', 'invalid_value'],
  [user({ type: 'input_audio', input_audio: {} }), 'messages[0].content[0].type', 'unsupported_value'],
  [user({ type: 'file', file: {} }), 'messages[0].content[0].type', 'unsupported_value'],
  [user({ type: 'video_url', video_url: {} }), 'messages[0].content[0].type', 'unsupported_value'],
  [
    user({ type: 'image_url', image_url: 'https://a.example/1.jpg' }),
    'messages[0].content[0].image_url',
    'invalid_type',
    `Invalid type for 'messages[0].content[0].image_url': expected an object, but got a string instead. Send {"url": "…"}.`,
  ],
  [user({ type: 'image_url' }), 'messages[0].content[0].image_url', 'missing_required_parameter'],
  [
    user({ type: 'image_url', image_url: {} }),
    'messages[0].content[0].image_url.url',
    'missing_required_parameter',
  ],
  [
    user({ type: 'image_url', image_url: { url: 5 } }),
    'messages[0].content[0].image_url.url',
    'invalid_type',
  ],
  [
    user({ type: 'image_url', image_url: { url: 'x', detail: 'best' } }),
    'messages[0].content[0].image_url.detail',
    'invalid_value',
  ],
  [{ stream: 'true' }, 'stream', 'invalid_type'],
  [{ stream: 1 }, 'stream', 'invalid_type'],
  [{ stream: true, stream_options: { include_usage: 1 } }, 'stream_options.include_usage', 'invalid_type'],
  [{ stream: true, stream_options: { x: 1 } }, 'stream_options.x', 'unknown_parameter'],
  [{ max_tokens: 0 }, 'max_tokens', 'integer_below_min_value'],
  [{ max_completion_tokens: 0 }, 'max_completion_tokens', 'integer_below_min_value'],
  [{ n: 0 }, 'n', 'integer_below_min_value'],
  [{ n: 129 }, 'n', 'integer_above_max_value'],
  [{ temperature: 2.1 }, 'temperature', 'decimal_above_max_value'],
  [{ top_p: 1.1 }, 'top_p', 'decimal_above_max_value'],
  [{ presence_penalty: 3 }, 'presence_penalty', 'decimal_above_max_value'],
  [{ frequency_penalty: -3 }, 'frequency_penalty', 'decimal_below_min_value'],
  [{ stop: Array(5).fill('x') }, 'stop', 'array_above_max_length'],
  [{ stop: ['a', { not: '' }] }, 'stop[1]', 'invalid_type'],
  [{ response_format: 'json' }, 'response_format', 'invalid_type'],
  [{ response_format: { type: 'xml' } }, 'response_format.type', 'invalid_value'],
  [{ response_format: { type: 'json_object', x: 1 } }, 'response_format.x', 'unknown_parameter'],
  [{ response_format: { type: 'json_schema' } }, 'response_format.json_schema', 'missing_required_parameter'],
  [format({ schema: {} }), 'response_format.json_schema.name', 'missing_required_parameter'],
  [format({ name: 'x' }), 'response_format.json_schema.schema', 'missing_required_parameter'],
  [format({ name: 'x', schema: true }), 'response_format.json_schema.schema', 'invalid_type'],
  [format({ name: 'x y', schema: {} }), 'response_format.json_schema.name', 'invalid_value'],
  [
    format({ name: 'x'.repeat(65), schema: {} }),
    'response_format.json_schema.name',
    'string_above_max_length',
  ],
  [format({ ...schema, strict: 'yes' }), 'response_format.json_schema.strict', 'invalid_type'],
  [{ metadata: { a: 5 } }, 'metadata.a', 'invalid_type'],
  [{ metadata: { ['k'.repeat(65)]: '' } }, `metadata.${'k'.repeat(65)}`, 'invalid_value'],
  [{ metadata: { a: 'v'.repeat(513) } }, 'metadata.a', 'string_above_max_length'],
  [
    { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, ''])) },
    'metadata',
    'invalid_value',
  ],
  [{ safety_identifier: 'x'.repeat(65) }, 'safety_identifier', 'string_above_max_length'],
  [{ user: { not: '' } }, 'user', 'invalid_type'],
  [{ foo: 1 }, 'foo', 'unknown_parameter'],
  [{ prompt: 'Hello.' }, 'prompt', 'unknown_parameter'],
];

describe('a chat request', () => {
  it.each<[string, object]>([
    ...Object.values(EXAMPLES).map(({ summary, value }): [string, object] => [summary, value]),
    ['nothing but a message', {}],
    [
      'every role',
      { messages: ['system', 'developer', 'assistant', 'user'].map((role) => ({ ...hello, role })) },
    ],
    ['parts', user({ type: 'text', text: '' }, picture)],
    ['a detail', user({ type: 'image_url', image_url: { url: 'x', detail: 'low' } })],
    ['a name', { messages: [{ ...hello, name: 'ann' }] }],
    [
      'a message as it was answered',
      {
        messages: [
          {
            role: 'assistant',
            content: 'Hi.',
            refusal: null,
            annotations: [],
            audio: null,
            function_call: null,
            tool_calls: [],
          },
          hello,
        ],
      },
    ],
    ['a refusal', { messages: [{ role: 'assistant', content: null, refusal: 'No.' }, hello] }],
    [
      'a refusal part',
      { messages: [{ role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] }, hello] },
    ],
    ['text', { response_format: { type: 'text' } }],
    ['a schema', { response_format: { type: 'json_schema', json_schema: { ...schema, strict: null } } }],
    ['limits', { max_tokens: 1, max_completion_tokens: 1, n: 128, top_p: 0, temperature: 2, top_k: 0 }],
    ['penalties', { frequency_penalty: -2, presence_penalty: 2 }],
    ['stops', { stop: ['a', 'b', 'c', 'd'] }],
    ['a stream', { stream: true, stream_options: { include_usage: true, include_obfuscation: false } }],
    ['hints', { user: '', safety_identifier: 'u', prompt_cache_key: 'k', prompt_cache_options: {} }],
    ['notes', { metadata: { order: '17' } }],
    ['nulls', Object.fromEntries(nullable().map((name) => [name, null]))],
    ['what cannot be honoured, for the gateway to judge', { tools: [{}], logprobs: 'x', store: {} }],
  ])('may have %s', (_, body) => {
    expect(refusal(body)).toBeUndefined();
  });

  it.each(REFUSED.map((row) => [JSON.stringify(row[0]).slice(0, 90), ...row] as const))(
    'is refused: %s',
    (_, body, param, reason, message) => {
      const error = refusal(body);
      expect(error).toMatchObject({ reason, param, status: 400, ...(message && { message }) });
      expect(error?.message).not.toMatch(/undefined|\[object/);
    },
  );
});

function format(json_schema: object): object {
  return { response_format: { type: 'json_schema', json_schema } };
}

/** Fields that may be null: all but the messages. */
function nullable(): string[] {
  return [
    ...[
      'model',
      'temperature',
      'top_p',
      'top_k',
      'do_sample',
      'n',
      'stop',
      'seed',
      'stream',
      'stream_options',
    ],
    ...['max_tokens', 'max_completion_tokens', 'response_format', 'metadata', 'user', 'prompt_cache_options'],
    ...[
      'logprobs',
      'top_logprobs',
      'logit_bias',
      'tools',
      'tool_choice',
      'audio',
      'moderation',
      'service_tier',
    ],
  ];
}
