import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutAtStop } from '../inference/stop.js';
import { countTokens } from '../tokenizer/llama-tokenizer.js';
import { LiveText } from './live-text.js';

/** What is shown of pieces until there is enough, and with the rest of what is left after the cuts. */
function show(pieces: readonly string[], limits: ConstructorParameters<typeof LiveText>[0]): string[] {
  const live = new LiveText(limits);
  const shown: string[] = [];
  for (const piece of pieces) {
    const { show: text, enough } = live.add(piece);
    shown.push(text);
    if (enough) return shown;
  }
  shown.push(live.rest(cutAtStop(live.whole, limits.stop).text));
  return shown;
}

const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength: 1, maxLength: 4 }), {
  maxLength: 4,
});
const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n'), maxLength: 5 }));

describe('a text that is shown while it is made', () => {
  it('is shown at once where nothing can cut it', () => {
    const live = new LiveText({});
    expect(live.add('A red')).toEqual({ show: 'A red', enough: false });
    expect(live.add(' bicycle')).toEqual({ show: ' bicycle', enough: false });
  });

  it('holds back what may be the beginning of a stop text, and no more', () => {
    const live = new LiveText({ stop: ['END'] });
    expect(live.add('one E')).toEqual({ show: 'one ', enough: false });
    expect(live.add('N')).toEqual({ show: '', enough: false });
    expect(live.add('GLISH')).toEqual({ show: 'ENGLISH', enough: false });
    expect(live.add(' EN')).toEqual({ show: ' ', enough: false });
    expect(live.add('D of it')).toEqual({ show: '', enough: true });
  });

  it('never shows half of a character', () => {
    const live = new LiveText({});
    expect(live.add('a\ud83d').show).toBe('a');
    expect(live.add('\ude80').show).toBe('🚀');
  });

  it('has no rest that was shown, where a stream has made other line ends of it', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\r\n') })), (parts) => {
        const lines = (text: string) => text.replace(/\r\n?/g, '\n');
        const live = new LiveText({});
        // As a stream has it: the line ends of each piece by itself.
        const shown = parts.map((part) => live.add(lines(part)).show).join('');
        const cut = parts.some(
          (part, i) =>
            part.endsWith('\r') &&
            parts
              .slice(i + 1)
              .join('')
              .startsWith('\n'),
        );
        if (!cut) expect(shown + live.rest(`${parts.join('')}\r\nmore`)).toBe(`${shown}\r\nmore`);
      }),
    );
  });

  it('ends where the whole answer would be cut, however it is divided into pieces', () => {
    fc.assert(
      fc.property(pieces, stops, (parts, stop) => {
        expect(show(parts, { stop }).join('')).toBe(cutAtStop(parts.join(''), stop).text);
      }),
      { numRuns: 2000 },
    );
  });

  it('ends at the token limit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 8 })),
        fc.integer({ min: 1, max: 20 }),
        (parts, maxTokens) => {
          const text = show(parts, { maxTokens }).join('');
          expect(countTokens(text)).toBeLessThanOrEqual(maxTokens);
          if (countTokens(parts.join('')) <= maxTokens) expect(text).toBe(parts.join(''));
        },
      ),
    );
  });
});
