import { describe, expect, it } from 'vitest';
import { promptTurns, readTurns } from './conversation.js';

const three = [
  { role: 'user', text: 'What is it?' },
  { role: 'assistant', text: 'A lamp.' },
  { role: 'user', text: 'And its colour?' },
];

describe('the turns of a conversation', () => {
  it.each([
    [
      "in Phi's chat tokens",
      { prompt: 'What is it?<|end|>\n<|assistant|>\nA lamp.<|end|>\n<|user|>\nAnd its colour?' },
    ],
    [
      'in plain words',
      { prompt: 'User: What is it?\n\nAssistant: A lamp.\n\nUser: And its colour?\n\nAssistant:' },
    ],
    ['in a history', { history: ['What is it?', 'A lamp.'], prompt: 'And its colour?' }],
    [
      'in messages',
      {
        prompt: 'ignored',
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: [{ type: 'text', text: 'What is it?' }] },
          { role: 'assistant', content: 'A lamp.' },
          { role: 'user', content: 'And its colour?' },
        ],
      },
    ],
  ])('are found %s', (_, input: Record<string, unknown>) => {
    expect(readTurns(input, String(input.prompt))).toEqual(three);
  });

  it('begin with what stands before the first mark', () => {
    const prompt =
      'Be brief.\n\nUser: What is it?\n\nAssistant: A lamp.\n\nUser: And its colour?\n\nAssistant:';
    expect(promptTurns(prompt).map(({ text }) => text)).toEqual([
      'Be brief.',
      ...three.map(({ text }) => text),
    ]);
  });

  it.each(['', 'What is it?', 'Who is User: Anna?\n\nTell me.', 'The mark <|end|> alone'])(
    'are one for %j',
    (prompt) => {
      expect(promptTurns(prompt)).toEqual([{ role: 'user', text: prompt }]);
    },
  );
});
