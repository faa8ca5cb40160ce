import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientNames, clients } from './event-stream.fixture.js';
import { dataFrame, DONE } from './event.wire.js';

/** Everything that ends a line for somebody: SSE's own, and those of Python's `str.splitlines`. */
const LINE_END = /[\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029]/;

const nasty = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\n\nevent: error\ndata: x', '\r', '\r\n\r\n', '\u2028', '\u0085', '\0', '\ud800'),
      fc.constantFrom('data: [DONE]\n\n', '</script>', '\ufeff', ': comment\n\n', 'id: 1\n', '\\u2028'),
    ),
  )
  .map((pieces) => pieces.join(''));

describe('dataFrame', () => {
  it('is one line and an empty one, whatever a text contains (A20, P33)', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const frame = dataFrame({ text });
        expect(frame.startsWith('data: {')).toBe(true);
        expect(frame.endsWith('}\n\n')).toBe(true);
        expect(frame.slice(0, -2)).not.toMatch(LINE_END);
        expect(JSON.parse(frame.slice(6))).toEqual({ text: JSON.parse(JSON.stringify(text)) as string });
      }),
    );
  });

  it.each(clientNames)('gives every text to %s as it was, however the bytes are cut (A17)', async (name) => {
    await fc.assert(
      fc.asyncProperty(fc.array(nasty), fc.integer({ min: 1, max: 7 }), async (texts, step) => {
        const whole = texts.map((text) => text.toWellFormed());
        const stream = whole.map((text) => dataFrame({ text })).join('') + DONE;
        const read = [];
        for await (const { text } of clients[name].read<{ text: string }>(stream, step)) read.push(text);
        expect(read).toEqual(whole);
      }),
    );
  });
});
