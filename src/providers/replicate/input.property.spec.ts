// Any schema, any request: either a refusal that names what is wrong, or an input that fits the schema.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../errors/api-error.js';
import type { InferenceRequest } from '../../inference/inference.js';
import { planInput, withImages } from './input.js';
import { readModelInterface } from './model-interface.js';
import { schemaOf, user } from './model-interface.fixture.js';
import { faultsOf } from './schema-check.fixture.js';

const texts = [
  'prompt',
  'text',
  'question',
  'query',
  'topic',
  'cond_text',
  'system_prompt',
  'system',
  'prompt_template',
];
const numbers = [
  'max_tokens',
  'max_new_tokens',
  'max_length',
  'temperature',
  'top_p',
  'nucleus',
  'top_k',
  'topK',
  'seed',
  'frequency_penalty',
  'presence_penalty',
];
const pictures = [
  'image',
  'image_url',
  'image_urls',
  'images',
  'image1',
  'image_2',
  'image_base64',
  'media',
  'mask',
  'file',
];
const others = ['do_sample', 'stop', 'stop_sequences', 'style', 'task', 'video', 'n', 'history', 'messages'];

const bounds = (low: string, high: string, values: fc.Arbitrary<number>) =>
  fc.tuple(fc.option(values), fc.option(values)).map(([a, b]) => ({
    ...(a !== null && { [low]: b === null ? a : Math.min(a, b) }),
    ...(b !== null && { [high]: a === null ? b : Math.max(a, b) }),
  }));

const described = fc
  .constantFrom(
    '',
    'Comma-separated list',
    'Image URL or base64',
    'base64 encoded image',
    'data URI of an image',
  )
  .map((description) => ({ description }));

const text = fc.oneof(
  fc.constant({ type: 'string' }),
  fc.constant({ type: 'string', default: 'x' }),
  fc.constant({ anyOf: [{ type: 'string' }, { type: 'null' }] }),
  fc.constant({ enum: ['question', 'b'], type: 'string' }),
  bounds('minLength', 'maxLength', fc.integer({ min: 0, max: 20 })).map((range) => ({
    type: 'string',
    ...range,
  })),
);

const number = fc.oneof(
  bounds('minimum', 'maximum', fc.double({ min: -2, max: 600, noNaN: true })).map((range) => ({
    type: 'number',
    ...range,
  })),
  bounds('minimum', 'maximum', fc.integer({ min: -2, max: 600 })).map((range) => ({
    type: 'integer',
    ...range,
  })),
  fc.constant({ type: 'integer', default: 50 }),
  fc.constant({ allOf: [{ $ref: '#/components/schemas/choice' }] }),
  fc.constant({ enum: ['0.5', '1', '64'], type: 'string' }),
  fc.constant({ default: 0.5 }),
);

const size = bounds('minItems', 'maxItems', fc.integer({ min: 1, max: 4 }));
const picture = fc.tuple(
  fc.oneof(
    fc.constantFrom({ type: 'string', format: 'uri' }, { type: 'string' }),
    size.map((range) => ({ type: 'array', items: { type: 'string', format: 'uri' }, ...range })),
    size.map((range) => ({ type: 'array', items: { type: 'string' }, ...range })),
  ),
  described,
);

const other = fc.constantFrom<object>(
  { type: 'boolean' },
  { type: 'boolean', default: false },
  { type: 'string' },
  { type: 'array', items: { type: 'string' }, maxItems: 2 },
  { type: 'array', items: { type: 'object' } },
  { type: 'array', items: { type: 'string' }, description: 'Include <image>' },
  { type: 'string', maxLength: 4 },
  { type: 'string', default: '</s>' },
  { type: 'integer', default: 1 },
);

const fields = (names: readonly string[], values: fc.Arbitrary<object>) =>
  fc.dictionary(fc.constantFrom(...names), values, { maxKeys: 4 });

const schema = fc
  .tuple(
    fields(texts, text),
    fields(numbers, number),
    fields(
      pictures,
      picture.map(([property, words]) => ({ ...property, ...words })),
    ),
    fields(others, other),
    fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
  )
  .map(([...parts]) => {
    const [questions, amounts, images, rest, luck] = parts;
    const properties = { ...questions, ...amounts, ...images, ...rest };
    // Cog requires what has no default, and nothing else.
    const required = Object.entries(properties)
      .filter(([, property]) => !('default' in property) && luck.next().value === 0)
      .map(([name]) => name);
    return schemaOf(properties, required, { choice: { enum: [0, 1, 64], type: 'integer' } });
  });

const sampling = {
  maxTokens: fc.integer({ min: 1, max: 5000 }),
  temperature: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 2, noNaN: true })),
  topP: fc.double({ min: 0, max: 1, noNaN: true }),
  topK: fc.integer({ min: 0, max: 100 }),
  seed: fc.integer(),
  frequencyPenalty: fc.double({ min: -2, max: 2, noNaN: true }),
  presencePenalty: fc.double({ min: -2, max: 2, noNaN: true }),
  stop: fc.array(fc.constantFrom('END', 'a,b', '\n', ''), { maxLength: 4 }),
  doSample: fc.boolean(),
};

/** Turns in any order, with all images in one of them. */
const conversation = (imageCount: number) =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.boolean(), fc.array(fc.string(), { minLength: 1, maxLength: 2 })), {
        minLength: 1,
        maxLength: 5,
      }),
      fc.nat(4),
    )
    .map(([turns, place]) => {
      const pictured = Math.min(place, turns.length - 1);
      return turns.map(([isUser, texts], position) => {
        const images = position === pictured ? Array.from({ length: imageCount }, (_, image) => image) : [];
        const { parts } = user(...images, ...texts);
        return { role: isUser || images.length > 0 ? ('user' as const) : ('assistant' as const), parts };
      });
    });

const asked = fc.oneof(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 4 })).chain((imageCount) =>
  fc.record({
    prompt: fc.oneof(fc.constant('Describe.'), fc.string(), conversation(imageCount)),
    imageCount: fc.constant(imageCount),
    dropsUnsupported: fc.boolean(),
  }),
);
const all = fc.record({ system: fc.string(), ...sampling });
const some = fc.subarray(['system', ...Object.keys(sampling)] as (keyof typeof sampling)[], { maxLength: 2 });
const defaults = fc.record({ ...sampling, temperature: fc.double({ noNaN: true }) }, { requiredKeys: [] });

/** Few parameters at a time: most models lack most of them, and one that is lacking ends it. */
const request = fc.tuple(asked, all, some, defaults).map(([base, more, keys, rest]): InferenceRequest => {
  const chosen = Object.fromEntries(keys.map((key) => [key, more[key]]));
  return { ...base, ...chosen, model: { id: 'm', upstream: 'o/m', defaults: rest } };
});

const VALUES = {
  uri: 'https://a.example/1.png',
  address: 'https://a.example/1,2.png',
  base64: 'iVBORw0KGgo=',
};

describe('an input for any schema (A10)', () => {
  it('fits the schema, or is refused by the name of what is wrong', () => {
    let whole = 0;
    let refused = 0;
    fc.assert(
      fc.property(schema, request, (openapi, wish) => {
        const reading = readModelInterface(openapi);
        if (!reading || 'uncallable' in reading) return;
        const planned = refusalOr(() => planInput(wish, reading.model));
        if (planned instanceof ApiError) {
          refused++;
          expect(planned.status).toBeLessThan(500);
          expect(planned.param).not.toBeNull();
          return;
        }
        whole++;
        if (!wish.dropsUnsupported) expect(planned.dropped).toEqual([]);
        expect(planned.imageForms.length > 0).toBe(wish.imageCount > 0);
        for (const form of wish.imageCount > 0 ? planned.imageForms : ['uri' as const]) {
          const images = Array.from({ length: wish.imageCount }, () => ({ form, value: VALUES[form] }));
          expect(faultsOf(withImages(planned, reading.model, images), openapi.components.schemas)).toEqual(
            [],
          );
        }
      }),
      { numRuns: 3000 },
    );
    // The property would hold of nothing but refusals, too.
    expect(Math.min(whole, refused)).toBeGreaterThan(100);
  });
});

function refusalOr<Value>(make: () => Value): Value | ApiError {
  try {
    return make();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}
