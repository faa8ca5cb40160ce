import { describe, expect, it } from 'vitest';
import { type Asked, sizeOf, toRow } from './retained-content.js';

const content = (asked: Partial<Asked>, answer = 'Yes.') => ({
  predictionId: 'prd_1',
  tenantId: 'ten_a',
  days: 30,
  asked: { prompt: 'What?', imageCount: 0, ...asked },
  answer,
});
const prompt = (asked: Partial<Asked>) => JSON.parse(toRow(content(asked)).prompt) as object;

describe('what is kept of a call', () => {
  it('is a question as a conversation of one turn, with its pictures as positions', () => {
    expect(prompt({ imageCount: 2 })).toEqual({
      system: null,
      turns: [{ role: 'user', parts: [{ image: 0 }, { image: 1 }, { text: 'What?' }] }],
      images: 2,
    });
  });

  it('is a whole conversation, with what the model was told before', () => {
    const turns = [
      { role: 'user', parts: [{ text: 'What?' }, { image: 0 }] },
      { role: 'assistant', parts: [{ text: 'A bicycle.' }] },
      { role: 'user', parts: [{ text: 'Red?' }] },
    ] as const;
    expect(prompt({ system: 'Be brief.', prompt: turns, imageCount: 1 })).toEqual({
      system: 'Be brief.',
      turns,
      images: 1,
    });
  });

  it('is nothing else that a part or a request may carry', () => {
    const parts = [
      { text: 'What?', secret: 'x' },
      { image: 0, url: 'https://example.com/a.jpg' },
    ];
    const asked = { prompt: [{ role: 'user' as const, parts, name: 'x' }], imageCount: 1, account: 'x' };
    expect(prompt(asked)).toEqual({
      system: null,
      turns: [{ role: 'user', parts: [{ text: 'What?' }, { image: 0 }] }],
      images: 1,
    });
  });

  it('has U+FFFD where PostgreSQL would take no character', () => {
    const bad = 'a\0b\ud800c';
    const row = toRow(content({ prompt: bad, system: bad }, `${bad}😀`));
    expect(row.answer).toBe('a\ufffdb\ufffdc😀');
    expect(row.prompt).not.toMatch(/\\u0000|\\ud800/);
    expect(JSON.parse(row.prompt)).toMatchObject({
      system: 'a\ufffdb\ufffdc',
      turns: [{ parts: [{ text: 'a\ufffdb\ufffdc' }] }],
    });
  });

  it('is as large as its texts', () => {
    expect(sizeOf(content({ prompt: '12345', system: '123' }, '12'))).toBe(10);
  });
});
