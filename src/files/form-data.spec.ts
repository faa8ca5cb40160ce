import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormDataError } from './form-data-error.js';
import { FormFile, parseFormData } from './form-data.js';

const LIMITS = { maxParts: 8, maxHead: 8192, maxText: 1024 };
const TYPE = 'multipart/form-data; boundary=b';

const parse = (text: string, type = TYPE) => parseFormData(Buffer.from(text, 'utf8'), type, LIMITS);

/** A form of one part, by its headers and content. */
const part = (head: string, content = 'x') => `--b\r\n${head}\r\n\r\n${content}\r\n--b--\r\n`;

const file = (disposition: string) =>
  part(`Content-Disposition: form-data; name="file"; ${disposition}\r\nContent-Type: image/png`);

function filenameOf(text: string): string | undefined {
  const { file } = parse(text);
  return file instanceof FormFile ? file.filename : undefined;
}

describe('a form', () => {
  it('is read as a browser or another client writes it, whatever is in its files', async () => {
    const bytes = fc.uint8Array({ maxLength: 2000 });
    const name = fc.stringMatching(/^[\w. äß€🦄"-]{1,20}$/u).filter((text) => text.trim() === text);
    await fc.assert(
      fc.asyncProperty(bytes, name, fc.stringMatching(/^[\w \n]{0,50}$/), async (content, filename, text) => {
        const form = new FormData();
        form.set('file', new File([new Uint8Array(content)], filename, { type: 'image/png' }));
        form.set('purpose', text);
        const sent = new Response(form);
        const type = sent.headers.get('content-type') ?? '';
        const fields = parseFormData(Buffer.from(await sent.arrayBuffer()), type, LIMITS);
        // The encoder itself makes CR LF of each line break in a text.
        expect(fields.purpose).toBe(text.replaceAll('\n', '\r\n'));
        expect(fields.file).toBeInstanceOf(FormFile);
        expect((fields.file as FormFile).filename).toBe(filename);
        expect(Buffer.compare((fields.file as FormFile).bytes, content)).toBe(0);
      }),
    );
  });

  it('keeps bytes that look like a boundary and are none', () => {
    for (const content of [
      '--b',
      '\r\n--',
      '\r\n--bb\r\n',
      '\r\n-b\r\n',
      '\r\n--b-',
      '\n--b--',
      '\r\n--b x\r\n',
      '\r',
    ]) {
      const fields = parse(file('filename="a"').replace('\r\n\r\nx', `\r\n\r\n${content}`));
      expect(Buffer.from((fields.file as FormFile).bytes).toString()).toBe(content);
    }
  });

  it.each([
    ['text before and after it', `hello\r\n${file('filename="a"')}bye`],
    ['spaces after a boundary', file('filename="a"').replace('--b\r\n', '--b \t\r\n')],
    ['no line break at its end', file('filename="a"').trimEnd()],
    ['headers in other letters', file('filename="a"').replace('Content-Disposition', 'content-DISPOSITION')],
    ['names without quotes', file('filename=a').replace('"file"', 'file')],
    ['a plain encoding', file('filename="a"\r\nContent-Transfer-Encoding: binary')],
    ['a parameter that nobody knows', file('filename="a"; size=1;')],
  ])('may have %s', (_, text) => {
    expect(filenameOf(text)).toBe('a');
  });

  it.each([
    [`${TYPE}; charset=utf-8`, 'b'],
    ['multipart/form-data; charset=utf-8; boundary="b"', 'b'],
    ['Multipart/Form-Data;BOUNDARY=b', 'b'],
    [`multipart/form-data; boundary="b: '(1)+?=/.,_-"`, "b: '(1)+?=/.,_-"],
    [`multipart/form-data; boundary=${'b'.repeat(70)}`, 'b'.repeat(70)],
  ])('has the boundary of %j', (type, boundary) => {
    expect(parse(file('filename="a"').replaceAll('--b', `--${boundary}`), type)).toHaveProperty('file');
  });

  it.each([
    ['filename="a.png"', 'a.png'],
    ['filename="../../etc/passwd"', 'passwd'],
    ['filename="C:\\\\Users\\\\me\\\\a.png"', 'a.png'],
    ['filename="C:\\Users\\me\\a.png"', 'a.png'],
    ['filename="say \\"hi\\".png"', 'say "hi".png'],
    ['filename="say %22hi%22.png"', 'say "hi".png'],
    ['filename="ünïcode 🦄.png"', 'ünïcode 🦄.png'],
    ['filename="a.png"; filename*=UTF-8\'\'%E2%82%AC.png', '€.png'],
    ['filename="a.png"; filename*=UTF-8\'\'%E2%82', 'a.png'],
    ['filename="a\u0000\u0007b.png"', 'ab.png'],
    [`filename="${'x'.repeat(300)}"`, 'x'.repeat(255)],
    [`filename="${'x'.repeat(254)}🦄"`, `${'x'.repeat(254)}\ufffd`],
    ['filename=""', 'upload'],
    ['filename="/"', 'upload'],
  ])('has a file called %s under a name that is safe to show', (disposition, filename) => {
    expect(filenameOf(file(disposition))).toBe(filename);
  });

  it('has a file where a part is no text, though it has no name', () => {
    const text = part(
      'Content-Disposition: form-data; name="file"\r\nContent-Type: application/octet-stream',
    );
    expect(filenameOf(text)).toBe('upload');
  });

  it('has a field called __proto__ as its own', () => {
    const fields = parse(part('Content-Disposition: form-data; name="__proto__"'));
    expect(Object.keys(fields)).toEqual(['__proto__']);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('may be empty', () => {
    expect(parse('--b--')).toEqual({});
  });
});

describe('a body that is no form', () => {
  const good = 'Content-Disposition: form-data; name="a"';

  it.each([
    ['nothing', ''],
    ['dashes (P7)', '-'.repeat(1024 ** 2)],
    ['line breaks and dashes (P7)', '\r\n--'.repeat(300_000)],
    ['boundaries that go on', '\r\n--bx'.repeat(150_000)],
    ['JSON', '{"file":"x"}'],
    ['another boundary', part(good).replaceAll('--b', '--c')],
    ['no last boundary', part(good).replace('--b--', '')],
    ['a last boundary of one dash', part(good).replace('--b--', '--b-')],
    ['a part that is cut off', part(good).slice(0, 30)],
    ['a part without headers', '--b\r\n\r\nx\r\n--b--'],
    ['a part without a blank line', `--b\r\n${good}\r\n--b--`],
    ['headers that do not end (P7)', `--b\r\n${'x: y\r\n'.repeat(5000)}\r\n\r\nx\r\n--b--`],
    ['too many headers', part(`${'x: y\r\n'.repeat(16)}${good}`)],
    ['a broken header', part(`${good}\r\nnonsense`)],
    ['a folded header', part(`${good};\r\n filename="a"`)],
    ['no name', part('Content-Disposition: form-data')],
    ['an empty name', part('Content-Disposition: form-data; name=""')],
    ['a name without an end', part('Content-Disposition: form-data; name="a')],
    ['no disposition', part('Content-Type: text/plain')],
    ['another disposition', part('Content-Disposition: attachment; name="a"')],
    ['base64', part(`${good}\r\nContent-Transfer-Encoding: base64`)],
    ['a field twice', part(good).replace('--b--\r\n', '') + part(good)],
    [
      'nine parts',
      Array.from({ length: 9 }, (_, i) => part(good.replace('a"', `a${i}"`)).replace('--b--\r\n', '')).join(
        '',
      ),
    ],
    ['a long text', part(good, 'x'.repeat(1025))],
  ])('is refused: %s', (_, text) => {
    expect(() => parse(text)).toThrow(FormDataError);
  });

  it('is refused: a text that is not UTF-8', () => {
    const body = Buffer.from(part(good, '\xff'), 'latin1');
    expect(() => parseFormData(body, TYPE, LIMITS)).toThrow(FormDataError);
  });

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=""',
    `multipart/form-data; boundary=${'b'.repeat(71)}`,
    `multipart/form-data; boundary=${'-'.repeat(8000)}`,
    'multipart/form-data; boundary="b\u0000"',
    'multipart/form-data; boundary="b "',
    'multipart/form-data; boundary=<b>',
  ])('is refused under the type %j (P7)', (type) => {
    expect(() => parse(part(good), type)).toThrow(FormDataError);
  });

  it('never makes the parser throw anything else, whatever it is', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '--b',
        '\r\n',
        '--',
        'Content-Disposition: form-data',
        '; name="a"',
        '; filename="',
        '"',
        ': ',
        '\\',
      ),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          parse(pieces.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(FormDataError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
