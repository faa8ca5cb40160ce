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
    [[{ text: 'Caption' }], 'Caption'],
    [42, '42'],
    [true, 'true'],
  ])('of %j is the text %j', (output, text) => {
    expect(outputText(output)).toBe(text);
  });
});
