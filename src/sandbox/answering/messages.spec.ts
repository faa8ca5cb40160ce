import { describe, expect, it } from 'vitest';
import { readPrompt, readSystemPrompt } from './inputs.js';
import { messageImages, messageTexts } from './messages.js';

const picture = (url: unknown) => ({ type: 'image_url', image_url: url });

describe('messages', () => {
  const input = {
    prompt: 'ignored',
    system_prompt: 'ignored too',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
      { role: 'user', content: [{ type: 'text', text: 'What' }, picture({ url: 'data:,A' })] },
      { role: 'assistant', content: 'A lamp.' },
      { role: 'user', content: [picture({ url: 'https://x.example/b' }), { type: 'text', text: 'This?' }] },
    ],
  };

  it('stand for the prompt and the system prompt', () => {
    expect(readPrompt(input)).toBe('What\nA lamp.\nThis?');
    expect(readSystemPrompt(input)).toBe('Be brief.\nBe kind.');
    expect(readSystemPrompt({ ...input, messages: [{ role: 'user', content: 'Hi' }] })).toBeUndefined();
  });

  it('are none when the list is empty', () => {
    expect(messageTexts([])).toBeUndefined();
    expect([readPrompt({ ...input, messages: [] }), readSystemPrompt({ ...input, messages: [] })]).toEqual([
      'ignored',
      'ignored too',
    ]);
  });

  it('have their pictures in order', () => {
    expect(messageImages(input.messages)).toEqual(['data:,A', 'https://x.example/b']);
  });

  it.each<[object, string]>([
    [{ role: 'robot', content: 'Hi' }, "'robot' for 'messages[0].role'"],
    [{ role: 'user' }, "'messages[0].content'"],
    [{ role: 'user', content: [{ type: 'input_image' }] }, "'input_image' for 'messages[0].content[0].type'"],
    [{ role: 'user', content: [picture('https://x.example/a')] }, "'messages[0].content[0].image_url'"],
    [
      { role: 'assistant', content: [picture({ url: 'data:,A' })] },
      "only allowed for messages with role 'user'",
    ],
  ])('like %j fail as OpenAI refuses them', (message, reason) => {
    expect(() => messageTexts([message])).toThrow(reason);
  });
});
