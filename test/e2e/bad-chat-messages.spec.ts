// Messages that are none: each is told in OpenAI's words what is wrong and where, and Replicate never hears of it.
import { describe, it } from 'vitest';
import { badChats, messages, user, content, ROLES, type Case } from '../support/bad-chats.js';
import { textPart } from '../support/chat.js';

const chats = badChats();

describe('a message', () => {
  it.each<Case>([
    ['that is null', messages(null), 'messages[0]', 'invalid_type', /expected an object, but got null/],
    ['that is a text', messages('Hi'), 'messages[0]', 'invalid_type', /expected an object, but got a string/],
    ['that is a list', messages([user('Hi')]), 'messages[0]', 'invalid_type', /but got an array/],
    [
      'without a role',
      messages({ content: 'Hi' }),
      'messages[0].role',
      'missing_required_parameter',
      "Missing required parameter: 'messages[0].role'.",
    ],
    [
      'of role null',
      messages(user('Hi', { role: null })),
      'messages[0].role',
      'invalid_type',
      /but got null/,
    ],
    [
      'of role 5',
      messages(user('Hi', { role: 5 })),
      'messages[0].role',
      'invalid_type',
      /but got an integer/,
    ],
    [
      'of an unknown role',
      messages(user('Hi'), user('Hi', { role: 'x' })),
      'messages[1].role',
      'invalid_value',
      `Invalid value: 'x'. ${ROLES}`,
    ],
    [
      'of a role from a prototype',
      messages(user('Hi', { role: 'toString' })),
      'messages[0].role',
      'invalid_value',
      /toString/,
    ],
    [
      'of a tool',
      messages(user('Hi'), { role: 'tool', tool_call_id: 'a', content: 'b' }),
      'messages[1].role',
      'unsupported_value',
      "Unsupported value: 'messages[1].role' does not support 'tool'. Models here call no tools.",
    ],
    [
      'of a function',
      messages({ role: 'function', name: 'f', content: 'b' }),
      'messages[0].role',
      'unsupported_value',
      /does not support 'function'. Models here call no tools\./,
    ],
    [
      'that calls a tool',
      messages({ role: 'assistant', content: null, tool_calls: [{ id: 'a' }] }, user('Hi')),
      'messages[0].tool_calls',
      'unsupported_value',
      "Unsupported value for 'messages[0].tool_calls'. Models here call no tools.",
    ],
    [
      'that calls a function',
      messages({ role: 'assistant', content: 'a', function_call: { name: 'f', arguments: '' } }, user('Hi')),
      'messages[0].function_call',
      'unsupported_value',
      /Models here call no tools/,
    ],
    [
      'with sound',
      messages({ role: 'assistant', content: 'a', audio: { id: 'x' } }, user('Hi')),
      'messages[0].audio',
      'unsupported_value',
      /Models here make no sound/,
    ],
    [
      'with an unknown field',
      messages(user('Hi', { foo: 1 })),
      'messages[0].foo',
      'unknown_parameter',
      /messages\[0\]\.foo/,
    ],
    [
      'of a user with tool calls',
      messages(user('Hi', { tool_calls: [] })),
      'messages[0].tool_calls',
      'unknown_parameter',
      /./,
    ],
    ['with a name that is none', messages(user('Hi', { name: 5 })), 'messages[0].name', 'invalid_type', /./],
    [
      'with a long name',
      messages(user('Hi', { name: 'x'.repeat(257) })),
      'messages[0].name',
      'string_above_max_length',
      /256/,
    ],
    [
      'without content',
      messages({ role: 'user' }),
      'messages[0].content',
      'missing_required_parameter',
      "Missing required parameter: 'messages[0].content'.",
    ],
    [
      'of a user whose content is null',
      messages(user(null)),
      'messages[0].content',
      'invalid_type',
      "Invalid type for 'messages[0].content': expected a string or an array of parts, but got null instead.",
    ],
    [
      'of a user whose content is one part, not in a list',
      messages(user(textPart('Hi'))),
      'messages[0].content',
      'invalid_type',
      "Invalid type for 'messages[0].content': expected a string or an array of parts, but got an object instead.",
    ],
    [
      'of a user that is empty',
      messages(user('')),
      'messages[0].content',
      'empty_string',
      /text or an image from a user/,
    ],
    [
      'of a user with empty texts',
      content(textPart(''), textPart('')),
      'messages[0].content',
      'empty_string',
      /./,
    ],
    [
      'of a user without parts',
      content(),
      'messages[0].content',
      'empty_array',
      "Invalid 'messages[0].content': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ],
    [
      'of an assistant that says null',
      messages({ role: 'assistant', content: null }, user('Hi')),
      'messages[0].content',
      'invalid_type',
      /but got null instead/,
    ],
    [
      'of an assistant that lacks its text',
      messages({ role: 'assistant' }, user('Hi')),
      'messages[0].content',
      'missing_required_parameter',
      /./,
    ],
    [
      'of a system that says null',
      messages({ role: 'system', content: null }, user('Hi')),
      'messages[0].content',
      'invalid_type',
      /./,
    ],
    [
      'of the assistant at the end',
      messages(user('Hi'), { role: 'assistant', content: 'The' }),
      'messages',
      'invalid_value',
      /the last message must be a user's/,
    ],
    [
      'of a system alone',
      messages({ role: 'system', content: 'Be brief.' }),
      'messages',
      'invalid_value',
      /expected a user's message/,
    ],
    [
      'with a text that is too long',
      messages(user('x'.repeat(500_001))),
      'messages[0].content',
      'string_above_max_length',
      /500000/,
    ],
    ['with NUL (C6)', messages(user('a\0b')), 'messages[0].content', 'invalid_value', /without NUL/],
    [
      'with half a surrogate pair (C5)',
      messages(user('a\ud800b')),
      'messages[0].content',
      'invalid_value',
      /lone surrogates/,
    ],
  ])('%s is refused', (...bad) => chats.expectRefused(bad));

  it('beside others is refused where their texts together are too long', async () => {
    const long = user('x'.repeat(400_000));
    await chats.expectRefused([
      '',
      messages(long, long, long),
      'messages',
      'string_above_max_length',
      /1000000/,
    ]);
  });
});
