import { describe, expect, it } from 'vitest';
import { modernised } from './dialects.js';
import { compileSchema } from './schema.js';

describe('a schema in older words', () => {
  it.each<[object, object]>([
    [{ type: 'string', nullable: true }, { type: ['string', 'null'] }],
    [{ type: 'string', nullable: false }, { type: 'string' }],
    [
      { type: 'string', nullable: true, enum: ['x'] },
      { type: ['string', 'null'], enum: ['x', null] },
    ],
    [{ $ref: '#/$defs/a', nullable: true }, { anyOf: [{ $ref: '#/$defs/a' }, { type: 'null' }] }],
    [
      { anyOf: [{ type: 'string' }], nullable: true },
      { anyOf: [{ anyOf: [{ type: 'string' }] }, { type: 'null' }] },
    ],
    [{ id: 'http://x/y', type: 'object' }, { type: 'object' }],
    [
      { properties: { id: { type: 'string' }, nullable: { type: 'boolean', nullable: true } } },
      { properties: { id: { type: 'string' }, nullable: { type: ['boolean', 'null'] } } },
    ],
    [{ items: [{ nullable: true, type: 'number' }] }, { items: [{ type: ['number', 'null'] }] }],
    [
      { enum: [{ nullable: true }], default: { id: 'x' } },
      { enum: [{ nullable: true }], default: { id: 'x' } },
    ],
  ])('%j is %j', (older, modern) => {
    expect(modernised(older as Record<string, unknown>)).toEqual(modern);
  });

  it('takes null where it says so', () => {
    const { validate } = compileSchema(
      JSON.stringify({
        type: 'object',
        properties: { a: { type: 'string', nullable: true } },
        required: ['a'],
      }),
    );
    expect(validate({ a: null })).toBe(true);
    expect(validate({ a: 5 })).toBe(false);
  });
});
