import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Turn } from '../../inference/conversation.js';
import { planInput } from './input.js';
import { COMMA_SEPARATED_IMAGES } from './known-interfaces.js';
import { assistant, modelOf, requestOf, TEXT, user } from './model-interface.fixture.js';

const phi = (prompt: string | readonly Turn[], imageCount = 1, system?: string) => {
  const request = requestOf({ prompt, imageCount, ...(system !== undefined && { system }) });
  return String(planInput(request, COMMA_SEPARATED_IMAGES).fields.prompt);
};
const script = (prompt: readonly Turn[], system?: string) =>
  planInput(requestOf({ prompt, ...(system !== undefined && { system }) }), modelOf({ prompt: TEXT })).fields
    .prompt;

describe("a conversation in Phi's own template", () => {
  it('has its tokens between the turns, and no more: the container writes the rest', () => {
    const turns = [user(0, 'What is it?'), assistant('A cat.'), user('Asleep?')];
    expect(phi(turns)).toBe('What is it?<|end|>\n<|assistant|>\nA cat.<|end|>\n<|user|>\nAsleep?');
  });

  it('has the system prompt before the first text of the user', () => {
    const turns = [user(0, 'What is it?'), assistant('A cat.'), user('Asleep?')];
    expect(phi(turns, 1, 'Be brief.')).toBe(
      'Be brief.\n\nWhat is it?<|end|>\n<|assistant|>\nA cat.<|end|>\n<|user|>\nAsleep?',
    );
  });

  it('has an empty turn of the user, which the images are in, before what the model began with', () => {
    expect(phi([assistant('Hello.'), user(0, 'Who?')])).toBe(
      '<|end|>\n<|assistant|>\nHello.<|end|>\n<|user|>\nWho?',
    );
  });

  it('mentions images in words: the container numbers them, and a second tag would make the model fail', () => {
    const turns = [user(0, 'Look.'), assistant('Yes.'), user(1, 'And <|image_2|>?')];
    expect(phi(turns, 2)).toBe(
      '[image 1]\nLook.<|end|>\n<|assistant|>\nYes.<|end|>\n<|user|>\n[image 2]\nAnd < |image_2|>?',
    );
  });

  it('is a question alone where there is only one', () => {
    expect(phi([user(0, 'What is it?')], 1, 'Be brief.')).toBe('Be brief.\n\nWhat is it?');
  });
});

/** Phi's special tokens, written again here. */
const TOKENS = /<\|(?:system|user|assistant|end|endoftext|image_\p{Nd}+)\|>/gu;
const WORDS = [
  '<|end|>',
  '<|user|>',
  '<|assistant|>',
  '<|system|>',
  '<|endoftext|>',
  '<|image_1|>',
  '<|image_22|>',
  '<|image_١|>',
];
const said = fc
  .array(fc.oneof(fc.constantFrom(...WORDS, '<|', '|>', 'end|>', '\n', ' ', '<', '|'), fc.string()), {
    maxLength: 6,
  })
  .map((pieces) => pieces.join(''));
const turn = fc.record({
  role: fc.constantFrom('user' as const, 'assistant' as const),
  texts: fc.array(said, { minLength: 1, maxLength: 3 }),
});

/** What the model reads: the container's own turn around the prompt, taken apart at the tokens. */
function readByPhi(prompt: string): { role: string; text: string }[] {
  const whole = `<|user|>\n${prompt}<|end|>\n<|assistant|>\n`;
  return whole
    .split('<|end|>\n')
    .slice(0, -1)
    .map((piece) => {
      const [, role = '', text = ''] = /^<\|(user|assistant)\|>\n([^]*)$/.exec(piece) ?? [];
      return { role, text };
    });
}

it('any conversation is read by Phi as the turns that it has, with no token of a caller', () => {
  fc.assert(
    fc.property(
      fc.array(turn, { minLength: 2, maxLength: 7 }),
      fc.option(said, { nil: '' }),
      (all, system) => {
        const turns = all.map(({ role, texts }) => ({ role, parts: texts.map((text) => ({ text })) }));
        const prompt = phi(turns, 1, system);
        const read = readByPhi(prompt);
        const harmless = (text: string) => text.replace(TOKENS, (token) => `< ${token.slice(1)}`);
        const expected = all.map(({ role, texts }) => ({ role, text: harmless(texts.join('\n')) }));
        const opened =
          expected[0]?.role === 'assistant' ? [{ role: 'user', text: '' }, ...expected] : expected;
        const before = system === '' ? '' : `${harmless(system)}\n\n`;
        expect(read).toEqual(
          opened.map(({ role, text }, place) => ({ role, text: place === 0 ? before + text : text })),
        );
        expect(prompt.match(TOKENS) ?? []).toHaveLength(2 * (read.length - 1));
      },
    ),
    { numRuns: 500 },
  );
});

it('any single question is the same as a turn and as a text', () => {
  fc.assert(
    fc.property(
      said.filter((text) => text.trim() !== ''),
      said,
      (question, system) => {
        expect(phi([user(0, question)], 1, system)).toBe(phi(question, 1, system));
      },
    ),
  );
});

describe('a conversation as a script', () => {
  it('names who speaks, and leaves the last word to the model', () => {
    expect(script([user('Hi.'), assistant('Hello.'), user('Who?')])).toBe(
      'User: Hi.\n\nAssistant: Hello.\n\nUser: Who?\n\nAssistant:',
    );
  });

  it('has the system prompt before it', () => {
    expect(script([assistant('Hello.'), user('Who?')], 'Be brief.')).toBe(
      'Be brief.\n\nAssistant: Hello.\n\nUser: Who?\n\nAssistant:',
    );
  });

  it('is no script where it is a single question', () => {
    expect(script([user('Hi.')], 'Be brief.')).toBe('Be brief.\n\nHi.');
  });
});
