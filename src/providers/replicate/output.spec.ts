import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outputText } from './output.js';

describe("a prediction's output (A16)", () => {
  it.each<[unknown, string | undefined]>([
    ['A red bicycle.', 'A red bicycle.'],
    ['', ''],
    [['A', ' red', ' bicycle.'], 'A red bicycle.'],
    [[], ''],
    [null, undefined],
    [undefined, undefined],
    [{ text_out: 'found', img_out: 'https://x' }, 'found'],
    [{ score: 0.5 }, '{"score":0.5}'],
    [{ text: 7, answer: 'yes' }, 'yes'],
    [{ output: ['A', ' bike'] }, 'A bike'],
    [[{ text: 'Caption' }], 'Caption'],
    [[{ text: 'One' }, { text: 'Two' }], 'One\nTwo'],
    [42, '42'],
    [true, 'true'],
    ['<script>\n\nevent: x\u2028', '<script>\n\nevent: x\u2028'],
  ])('of %j is the text %j', (output, text) => {
    expect(outputText(output)).toBe(text);
  });

  it('is one text in pieces, or a text a line, as its schema says', () => {
    expect(outputText(['what do', ' i want'], { output: 'pieces' })).toBe('what do i want');
    expect(outputText(['what do i want', 'what do i need'], { output: 'texts' })).toBe(
      'what do i want\nwhat do i need',
    );
    expect(outputText('one text after all', { output: 'pieces' })).toBe('one text after all');
  });

  it('does not fail on JSON that is nested as deep as an answer can be', () => {
    const lists: unknown = JSON.parse('['.repeat(500_000) + ']'.repeat(500_000));
    const objects: unknown = JSON.parse('{"a":'.repeat(300_000) + '1' + '}'.repeat(300_000));
    for (const output of [lists, objects]) {
      expect(['string', 'undefined']).toContain(typeof outputText(output));
    }
  });

  it('is a text or nothing, whatever a model gives', () => {
    const forms = fc.constantFrom(
      undefined,
      ...(['pieces', 'texts', 'value'] as const).map((output) => ({ output })),
    );
    fc.assert(
      fc.property(fc.jsonValue(), forms, (output, form) => {
        const text = outputText(output, form);
        return text === undefined ? output === null : typeof text === 'string';
      }),
    );
  });
});
