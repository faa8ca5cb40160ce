import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import type { SeenPicture } from '../vision/picture-reader.js';
import { jsonAnswer } from './json-answer.js';
import { schemas } from './schemas.fixture.js';

const invoice: SeenPicture = {
  format: 'PNG',
  width: 1000,
  height: 700,
  colours: [
    { name: 'white', share: 0.7 },
    { name: 'dark blue', share: 0.2 },
  ],
  luminance: 0.8,
  text: 'INVOICE 2026-118\nDESK LAMP 59.00\nTOTAL: 143.50 EUR\nDUE 2026-03-31',
};
const blank: SeenPicture = { ...invoice, colours: [{ name: 'black', share: 1 }], luminance: 0, text: '' };
const statement = 'This is the sandbox, not Phi-3.5: it reads little.';

function answer(schema: object, pictures: readonly SeenPicture[] = [invoice]): unknown {
  return jsonAnswer({ asked: { schema: { ...schema } }, pictures, statement });
}

function valueOf(name: string, schema: object, pictures?: readonly SeenPicture[]): unknown {
  const form = { type: 'object', properties: { [name]: schema }, required: [name] };
  return (answer(form, pictures) as Record<string, unknown>)[name];
}

/** The value beside a property that says where the answer comes from, so that this one need not. */
function plainValue(name: string, schema: object, pictures?: readonly SeenPicture[]): unknown {
  const properties = { [name]: schema, notes: { type: 'string' } };
  return (answer({ type: 'object', properties }, pictures) as Record<string, unknown>)[name];
}

const text = { type: 'string' };

describe('an answer to a schema', () => {
  const kinds = { 'a picture with text': [invoice], 'a picture without': [blank], 'no picture': [] };
  const cases = Object.keys(schemas).flatMap((name) =>
    Object.entries(kinds).map(([kind, seen]) => [name, kind, seen] as const),
  );

  it.each(cases)('with %s fits it, from %s', (name, _kind, pictures) => {
    const schema = schemas[name] ?? {};
    const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }));
    const validate = ajv.compile(schema);
    const value = answer(schema, pictures);
    validate(value);
    expect(validate.errors, JSON.stringify(value)).toBeNull();
  });

  it.each([
    { type: 'object', properties: { a: false }, required: ['a'] },
    { type: 'integer', minimum: 2, maximum: 1 },
    { $ref: '#/$defs/missing' },
    { $ref: '#' },
    { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] },
    { type: 'string', pattern: '^(?!x)$y' },
  ])('that nothing fits is none: %j', (schema) => {
    expect(answer(schema)).toBeUndefined();
  });
});

describe('a property', () => {
  it.each<[string, object, unknown]>([
    ['backgroundColor', text, 'white'],
    ['text_colour', text, 'dark blue'],
    ['file_format', text, 'PNG'],
    ['mime_type', text, 'image/png'],
    ['width', { type: 'integer' }, 1000],
    ['imageHeight', { type: 'number' }, 700],
    ['line_count', { type: 'integer' }, 4],
    ['brightness', text, 'bright'],
    ['orientation', { enum: ['portrait', 'landscape'] }, 'landscape'],
    ['invoice_number', text, '2026-118'],
    ['due', { type: 'string', format: 'date' }, '2026-03-31'],
    ['currency', { type: 'string', pattern: '^[A-Z]{3}$' }, 'EUR'],
    ['total', { type: 'number' }, 143.5],
    ['unit_price', { type: 'number' }, 59],
    ['has_text', { type: 'boolean' }, true],
    ['is_dark', { type: 'boolean' }, false],
    ['tone', { enum: ['warm', 'blue'] }, 'blue'],
    ['kind', { enum: ['receipt', 'invoice', 'other'] }, 'invoice'],
    ['species', { enum: ['cat', 'dog', 'unknown'] }, 'unknown'],
    ['species', { type: ['string', 'null'] }, null],
    ['reference', { type: 'string', pattern: '^\\d{4}-\\d+$' }, '2026-118'],
  ])('%s, %j, is what was seen: %j', (name, schema, value) => {
    expect(plainValue(name, schema)).toBe(value);
  });

  it('that is a list of lines has one element for each line', () => {
    const items = { type: 'object', properties: { description: text, amount: { type: ['number', 'null'] } } };
    expect(plainValue('lines', { type: 'array', items: text })).toEqual(invoice.text.split('\n'));
    expect(plainValue('line_items', { type: 'array', items, maxItems: 2 })).toEqual([
      { description: 'INVOICE 2026-118', amount: null },
      { description: 'DESK LAMP 59.00', amount: 59 },
    ]);
  });

  it('that is a list of colours or pictures has one element for each', () => {
    expect(plainValue('colors', { type: 'array', items: text })).toEqual(['white', 'dark blue']);
    const items = { type: 'object', properties: { color: text, has_text: { type: 'boolean' } } };
    expect(plainValue('images', { type: 'array', items }, [invoice, blank])).toEqual([
      { color: 'white', has_text: true },
      { color: 'black', has_text: false },
    ]);
  });

  it('that nothing is known of has one element, and its origin', () => {
    expect(valueOf('things', { type: 'array', items: text })).toEqual(['INVOICE 2026-118 (sandbox)']);
  });
});

describe('the origin', () => {
  it('is stated where an account is asked for, and only there', () => {
    const properties = { format: text, summary: text };
    expect(answer({ type: 'object', properties })).toEqual({ format: 'PNG', summary: statement });
  });

  it('is stated with what was asked for where there is no other place', () => {
    expect(valueOf('format', text)).toBe('PNG (sandbox)');
  });

  it('is not stated where no string is free', () => {
    expect(valueOf('width', { type: 'integer' })).toBe(1000);
    expect(valueOf('format', { enum: ['PNG', 'JPEG'] })).toBe('PNG');
  });
});

describe('an answer without a schema', () => {
  it('is what was seen', () => {
    expect(jsonAnswer({ asked: {}, pictures: [invoice], statement })).toEqual({
      note: statement,
      format: 'PNG',
      width: 1000,
      height: 700,
      colours: ['white', 'dark blue'],
      brightness: 'bright',
      text: invoice.text.split('\n'),
    });
    expect(jsonAnswer({ asked: {}, pictures: [invoice, blank], statement })).toMatchObject({
      note: statement,
      images: [{ brightness: 'bright' }, { brightness: 'dark', text: [] }],
    });
    expect(jsonAnswer({ asked: {}, pictures: [], statement })).toEqual({ note: statement });
  });
});
