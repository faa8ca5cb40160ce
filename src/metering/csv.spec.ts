import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine } from './csv.js';

/** RFC 4180, read by the letter. */
function read(line: string): string[] {
  const cells = line.replace(/\r\n$/, '').match(/(?:^|,)(?:"(?:[^"]|"")*"|[^,"]*)/g) ?? [];
  return cells.map((cell) => {
    const text = cell.replace(/^,/, '');
    return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
  });
}

describe('a line of CSV', () => {
  it.each([
    [['a', 'b'], 'a,b\r\n'],
    [['a,b', 'say "hi"', 'two\nlines'], '"a,b","say ""hi""","two\nlines"\r\n'],
    [[1, -2n, { number: '-0.5' }, ''], '1,-2,-0.5,\r\n'],
    [['=1+1', '+1', '-1', '@x', '\tx', '\rx'], "'=1+1,'+1,'-1,'@x,'\tx,\"'\rx\"\r\n"],
    [['=HYPERLINK("x","y")'], '"\'=HYPERLINK(""x"",""y"")"\r\n'],
  ])('of %o', (cells, line) => {
    expect(csvLine(cells)).toBe(line);
  });

  it('says again what was said, and begins no formula', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 2 }), (texts) => {
        const cells = read(csvLine(['x', ...texts]));
        expect(cells.slice(1).map((cell) => cell.replace(/^'(?=[=+\-@\t\r\n])/, ''))).toEqual(
          texts.map((text) => text.replace(/^'(?=[=+\-@\t\r\n])/, '')),
        );
        for (const cell of cells) expect(cell).not.toMatch(/^[=+\-@\t\r\n]/);
      }),
    );
  });
});
