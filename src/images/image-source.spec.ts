import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../errors/api-error.js';
import { base64Size, decodeBase64 } from './base64.js';
import { MAX_IMAGE_BYTES } from './image-limits.js';
import { type ImageSource, parseImageList, parseImageSource } from './image-source.js';
import { FORMATS, makePicture } from './pictures.fixture.js';

const PNG = 'iVBORw0KGgo=';
const PIXEL = `data:image/png;base64,${PNG}`;

function refusal(read: () => unknown): ApiError {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError);
    return error as ApiError;
  }
  throw new Error('the images were accepted');
}

const address = (url: string, param: string): ImageSource => ({ kind: 'address', url, param });
const inline = (base64: string, mediaType: string | undefined, param: string): ImageSource => ({
  kind: 'inline',
  base64,
  mediaType,
  param,
});

describe('one image', () => {
  it.each<[string, object]>([
    ['https://a.example/1.jpg', { kind: 'address', url: 'https://a.example/1.jpg' }],
    ['http://a.example/1,2.jpg', { kind: 'address', url: 'http://a.example/1,2.jpg' }],
    ['  https://a.example/1.jpg\n', { kind: 'address', url: 'https://a.example/1.jpg' }],
    [PIXEL, { kind: 'inline', base64: PNG, mediaType: 'image/png' }],
    [`DATA:IMAGE/JPEG;BASE64,${PNG}`, { kind: 'inline', base64: PNG, mediaType: 'image/jpeg' }],
    [`data:image/png;charset=utf-8;base64,${PNG}`, { kind: 'inline', mediaType: 'image/png' }],
    ['file-0199f2a4c1d27e6f8a3b5c7d9e1f2a4b', { kind: 'file', id: 'file-0199f2a4c1d27e6f8a3b5c7d9e1f2a4b' }],
    ['file-abc123', { kind: 'file', id: 'file-abc123' }],
  ])('is read from %j', (text, source) => {
    expect(parseImageSource(text, 'image')).toMatchObject({ ...source, param: 'image' });
  });

  it('keeps an address as it was written: the guard alone may judge what parsers disagree on', () => {
    const odd = 'http://127.0.0.1\\@a.example/';
    expect(parseImageSource(odd, 'image')).toEqual(address(odd, 'image'));
  });

  it.each(FORMATS)('is read from bare base64 of %s', async (format) => {
    const bytes = await makePicture(format);
    const source = parseImageSource(bytes.toString('base64'), 'image');
    expect(source).toMatchObject({ kind: 'inline', mediaType: undefined });
    expect(source.kind === 'inline' && Buffer.compare(decodeBase64(source.base64), bytes)).toBe(0);
  });

  it.each([
    ['a word', 'bicycle'],
    ['a short base64 text', PNG],
    ['base64 of no picture', Buffer.from('hello, world, this is no picture').toString('base64')],
    ['base64 of SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')],
    ['base64 with a line break', `${'iVBORw0KGgo'.padEnd(60, 'A')}\n${'A'.repeat(60)}`],
    ['base64url', 'iVBORw0KGgo'.padEnd(60, '-_')],
    ['base64 without its padding', 'iVBORw0KGgo'.padEnd(61, 'A')],
    ['base64 with padding in the middle', `${'iVBORw0KGgo='.padEnd(60, 'A')}`],
    ['a video (P31)', `data:video/jpeg;base64,${PNG}`],
    ['a page', 'data:text/html;base64,AAAA'],
    ['a data URI without base64', 'data:image/svg+xml,<svg/>'],
    ['a data URI of nothing', 'data:image/png;base64,'],
    ['a data URI with two payloads (P31)', `${PIXEL},${PNG}`],
    ['a data URI with spaces', 'data:image/png;base64,AAAA AAAA'],
    ['a data URI with percent escapes', 'data:image/png;base64,iVBORw0KGgo%3D'],
    ['a data URI that is not base64 (D6)', 'data:image/png;base64,@@@not base64!!'],
    ['a data URI with too much padding', 'data:image/png;base64,A==='],
    ['a data URI without its padding', 'data:image/png;base64,iVBORw0KGgo'],
    ['a long address', `https://a.example/${'x'.repeat(8192)}`],
    ['a data URI with a long head', `data:image/png;${'a=b;'.repeat(1000)}base64,${PNG}`],
    ['a data URI without a comma', 'data:image/png;base64'],
    ['a file id with a path', 'file-../../etc/passwd'],
    ['a file id of nothing', 'file-'],
    ['a file of the machine', 'file:///etc/passwd'],
  ])('is refused as %s', (_, text) => {
    expect(refusal(() => parseImageSource(text, 'image'))).toMatchObject({
      reason: 'invalid_image_url',
      param: 'image',
    });
  });

  it('is refused by the length of its base64, before anything is decoded (D6)', () => {
    const huge = 'A'.repeat(50 * 1024 ** 2);
    expect(refusal(() => parseImageSource(`data:image/png;base64,${huge}`, 'image')).reason).toBe(
      'image_too_large',
    );
    expect(refusal(() => parseImageSource(`iVBORw0KGgo${huge}`, 'image')).reason).toBe('image_too_large');
  });

  it('may have as much base64 as the largest image', () => {
    const base64 = Buffer.alloc(MAX_IMAGE_BYTES).toString('base64');
    expect(parseImageSource(`data:image/png;base64,${base64}`, 'image')).toMatchObject({ kind: 'inline' });
    expect(refusal(() => parseImageSource(`data:image/png;base64,${base64}AAAA`, 'image')).reason).toBe(
      'image_too_large',
    );
  });

  it('never repeats what was given in an error', () => {
    for (const text of [
      'https://user:hunter2@a.example/1.jpg',
      'ftp://hunter2',
      'data:hunter2,hunter2',
      'hunter2',
    ]) {
      expect(refusal(() => parseImageSource(text, 'image')).message).not.toContain('hunter2');
    }
  });
});

describe('a list of images', () => {
  it.each<[string | string[] | null | undefined, ImageSource[]]>([
    [undefined, []],
    [null, []],
    ['https://a.example/1.jpg', [address('https://a.example/1.jpg', 'image_urls[0]')]],
    [
      'https://a.example/1.jpg, https://a.example/2.jpg',
      [
        address('https://a.example/1.jpg', 'image_urls[0]'),
        address('https://a.example/2.jpg', 'image_urls[1]'),
      ],
    ],
    [['https://a.example/1.jpg?crop=1,2'], [address('https://a.example/1.jpg?crop=1,2', 'image_urls[0]')]],
    [
      `${PIXEL},https://a.example/1.jpg,file-a1`,
      [
        inline(PNG, 'image/png', 'image_urls[0]'),
        address('https://a.example/1.jpg', 'image_urls[1]'),
        { kind: 'file', id: 'file-a1', param: 'image_urls[2]' },
      ],
    ],
    [[PIXEL], [inline(PNG, 'image/png', 'image_urls[0]')]],
    [
      `${PIXEL} , ${PIXEL}`,
      [inline(PNG, 'image/png', 'image_urls[0]'), inline(PNG, 'image/png', 'image_urls[1]')],
    ],
  ])('is read from %j', (given, sources) => {
    expect(parseImageList(given, 'image_urls')).toEqual(sources);
  });

  it.each<[string | string[], string]>([
    ['', 'image_urls[0]'],
    ['   ', 'image_urls[0]'],
    ['not a url', 'image_urls[0]'],
    ['example.com/a.jpg', 'image_urls[0]'],
    ['https:example.com', 'image_urls[0]'],
    ['https://', 'image_urls[0]'],
    ['file:///etc/passwd', 'image_urls[0]'],
    ['ftp://a.example/1.jpg', 'image_urls[0]'],
    ['javascript:alert(1)', 'image_urls[0]'],
    ['https://user:secret@a.example/1.jpg', 'image_urls[0]'],
    ['https://a.example/1.jpg,', 'image_urls[1]'],
    ['https://a.example/1.jpg?crop=1,2', 'image_urls[1]'],
    [['https://a.example/1.jpg', ''], 'image_urls[1]'],
    [[], 'image_urls'],
    ['data:image/png;base64,@@@', 'image_urls[0]'],
    ['data:text/html;base64,AAAA', 'image_urls[0]'],
    ['data:image/png;base64,AAAA,AAAA', 'image_urls[1]'],
    [`data:video/jpeg;base64,${'AAAA,'.repeat(12)}AAAA`, 'image_urls[0]'],
  ])('is refused as %j, naming the position', (given, param) => {
    expect(refusal(() => parseImageList(given, 'image_urls'))).toMatchObject({
      reason: 'invalid_image_url',
      param,
    });
  });

  it('explains a comma that was meant to be part of an address', () => {
    const { message } = refusal(() => parseImageList('https://a.example/1.jpg?crop=1,2', 'image_urls'));
    expect(message).toContain('%2C');
    expect(refusal(() => parseImageList('nothing', 'image_urls')).message).not.toContain('%2C');
  });

  it('may have sixteen images, each with a comma of its own', () => {
    const sixteen = Array.from({ length: 16 }, () => PIXEL);
    expect(parseImageList(sixteen.join(','), 'image_urls')).toHaveLength(16);
    expect(
      refusal(() => parseImageList([...sixteen, 'https://a.example/'].join(','), 'image_urls')).reason,
    ).toBe('array_above_max_length');
  });

  it('is refused when it has more than sixteen images (P31)', () => {
    expect(refusal(() => parseImageList(','.repeat(10 * 1024 ** 2), 'image_urls')).reason).toBe(
      'array_above_max_length',
    );
    const many = Array.from({ length: 17 }, () => 'https://a.example/1.jpg');
    expect(refusal(() => parseImageList(many, 'image_urls')).reason).toBe('array_above_max_length');
    expect(refusal(() => parseImageList(many.join(','), 'image_urls')).reason).toBe('array_above_max_length');
    expect(
      refusal(() => parseImageList(`data:video/jpeg;base64,${'AAAA,'.repeat(1000)}`, 'image_urls')).reason,
    ).toBe('array_above_max_length');
  });
});

describe('base64', () => {
  it('has the size that decoding gives it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        expect(base64Size(text)).toBe(bytes.length);
        expect(Buffer.compare(decodeBase64(text), bytes)).toBe(0);
      }),
    );
  });

  it('is not what any other text is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const isStrict =
          /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/.test(text);
        expect(base64Size(text) !== undefined).toBe(isStrict);
      }),
      { examples: [['===='], ['A==='], ['AA=='], ['AAA='], ['AA=A'], ['=AAA'], ['AAAA=']] },
    );
  });

  it('of many megabytes neither overflows the stack nor is taken with a flaw at its end', () => {
    const text = 'A'.repeat(64 * 1024 ** 2);
    expect(base64Size(text)).toBe(48 * 1024 ** 2);
    expect(base64Size(`${text}AAA*`)).toBeUndefined();
    expect(base64Size(`*AAA${text}`)).toBeUndefined();
  });
});
