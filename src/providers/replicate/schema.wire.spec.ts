import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schemaOf } from './model-interface.fixture.js';
import { readModelInterface } from './model-interface.js';
import { readSchema } from './schema.wire.js';

const inputsOf = (schema: unknown) => readSchema(schema)?.inputs ?? [];
const only = (property: object, more: Record<string, unknown> = {}) =>
  inputsOf(schemaOf({ field: property }, [], more))[0];

describe('the schema of a version', () => {
  it('gives a choice its values through allOf and a reference, and keeps what the outer part says', () => {
    const choice = { enum: ['a', 'b'], type: 'string', description: 'An enumeration.' };
    const property = {
      allOf: [{ $ref: '#/components/schemas/scheduler' }],
      default: 'b',
      description: 'Which',
    };
    expect(only(property, { scheduler: choice })).toMatchObject({
      type: 'string',
      enum: ['a', 'b'],
      default: 'b',
      description: 'Which',
    });
  });

  it.each([
    ['anyOf with null', { anyOf: [{ type: 'null' }, { type: 'integer', minimum: 1 }] }, 'integer'],
    ['oneOf', { oneOf: [{ type: 'string', format: 'uri' }] }, 'string'],
    ['a list of types', { type: ['null', 'number'] }, 'number'],
    ['a default alone', { default: 0.5 }, 'number'],
    ['values alone', { enum: ['x'] }, 'string'],
    ['items alone', { items: { type: 'string' } }, 'array'],
    ['nothing', {}, undefined],
  ])('finds the type in %s', (_, property, type) => {
    expect(only(property)?.type).toBe(type);
  });

  it("orders inputs by the model's own signature", () => {
    const schema = schemaOf({ c: {}, b: { 'x-order': 1 }, a: { 'x-order': 0 } });
    expect(inputsOf(schema).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('takes bounds that leave nothing between them, and bounds that are no numbers, for none', () => {
    expect(only({ type: 'integer', minimum: 5, maximum: 1 })).not.toHaveProperty('minimum');
    expect(only({ type: 'integer', minimum: '1', maximum: null })).not.toHaveProperty('minimum');
  });

  it('does not let a name reach the prototype of our objects (C4)', () => {
    const properties = JSON.parse(
      '{"__proto__":{"type":"string"},"a b":{"type":"string"},"prompt":{}}',
    ) as object;
    const schema = { components: { schemas: { Input: { properties, required: ['__proto__', 'prompt'] } } } };
    expect(inputsOf(schema).map(({ name }) => name)).toEqual(['prompt']);
    expect(readSchema(schema)?.unknownInputs).toEqual(['__proto__']);
  });

  it('is none without an input to describe', () => {
    for (const schema of [
      null,
      undefined,
      'x',
      [],
      {},
      { components: {} },
      { components: { schemas: {} } },
    ]) {
      expect(readSchema(schema)).toBeUndefined();
    }
  });

  it('ends, whatever it refers to', () => {
    const refer = { $ref: '#/components/schemas/Input' };
    const properties = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`p${i}`, { allOf: [refer, refer] }]),
    );
    const loop = { $ref: '#/components/schemas/loop', allOf: Array.from({ length: 20 }, () => refer) };
    const schema = {
      components: { schemas: { Input: { ...loop, properties }, loop, Output: { type: 'object', ...loop } } },
    };
    expect(inputsOf(schema)).toHaveLength(50);
  });

  it('is read without failing, whatever it is', () => {
    const names = fc.constantFrom(
      'type',
      'properties',
      'required',
      'allOf',
      'anyOf',
      'items',
      'enum',
      'prompt',
      '$ref',
    );
    const { node } = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.anything(),
        fc.constantFrom('string', 'array', 'object', '#/components/schemas/Input'),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(names, tie('node')),
      ),
    }));
    fc.assert(
      fc.property(node, node, (Input, Output) => {
        readModelInterface({ components: { schemas: { Input, Output } } });
      }),
    );
  });
});
