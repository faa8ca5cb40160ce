import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyObject, fitting } from './demand.js';
import { canonical, judge } from './judgement.js';
import { compileSchema } from './schema.js';
import { tokensOf } from './tokens.js';

const schema = {
  type: 'object',
  properties: { a: { type: 'number' }, b: { type: 'array', items: { type: 'string' } } },
  required: ['a'],
};
const demand = fitting(compileSchema(JSON.stringify(schema)));
const fresh = new Ajv2020({ strict: false }).compile(schema);

const ended = fc.constantFrom('stop' as const, 'length' as const);
const pieces = [
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '\\',
  ',',
  ':',
  'a',
  '"a"',
  '"a":',
  '1',
  'True',
  '/*',
  '*/',
  '//',
];
const fragments = fc.array(fc.constantFrom(...pieces, '{"a":1}', '```', '\n', ' ', '“', '-', 'NaN'), {
  maxLength: 25,
});
const object = fc.record({
  a: fc.double({ noNaN: true, noDefaultInfinity: true }),
  b: fc.array(fc.string()),
});

/** JSON with a few characters gone, doubled or replaced. */
const damaged = fc
  .tuple(object, fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.constantFrom(...pieces)), { maxLength: 3 }))
  .map(([value, blows]) =>
    blows.reduce((text, [at, removed, added]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + added + text.slice(place + removed);
    }, JSON.stringify(value)),
  );

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fragments.map((parts) => parts.join('')),
  damaged,
);

describe('whatever a model says', () => {
  it('is judged, and what counts as valid is JSON that fits', () => {
    fc.assert(
      fc.property(text, ended, (answer, end) => {
        const verdict = judge(answer, end, demand);
        if (verdict.kind === 'valid') expect(fresh(JSON.parse(verdict.json))).toBe(true);
        if (verdict.kind === 'invalid') expect(verdict.problem.length).toBeLessThanOrEqual(500);
      }),
      { numRuns: 3000 },
    );
  });

  it('makes no values: all of what counts as valid is in the answer', () => {
    fc.assert(
      fc.property(text, ended, (answer, end) => {
        const verdict = judge(answer, end, anyObject);
        if (verdict.kind !== 'valid') return;
        const written = tokensOf(answer.slice(answer.indexOf('{'))).map(({ text: word }) => word);
        const scalars = tokensOf(verdict.json).filter(
          ({ kind }) => !['open', 'close', 'comma', 'colon'].includes(kind),
        );
        // Behind a quote too many, texts are read from another place on.
        for (const { text: word } of scalars) expect(written.join('\n') + answer).toContain(word);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('good JSON', () => {
  it('is found in prose and fences, and says the same', () => {
    const frames = fc.constantFrom(
      '%',
      '```json\n%\n```',
      'Here it is: %. Well?',
      "It's [this]:\n\n%\n\nIsn't it?",
    );
    fc.assert(
      fc.property(object, frames, fc.constantFrom(undefined, 2), (value, frame, indent) => {
        const [before = '', after = ''] = frame.split('%');
        const verdict = judge(before + JSON.stringify(value, null, indent) + after, 'stop', demand);
        if (verdict.kind !== 'valid') throw new Error(JSON.stringify(verdict));
        expect(verdict.repaired).toBe(false);
        expect(JSON.parse(verdict.json)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('that is cut anywhere at the token limit is never valid', () => {
    fc.assert(
      fc.property(object, fc.nat(), (value, at) => {
        const json = JSON.stringify(value);
        expect(judge(json.slice(0, at % json.length), 'length', demand)).toEqual({ kind: 'truncated' });
      }),
    );
  });
});

describe('the order of keys', () => {
  it('makes no other value', () => {
    expect(canonical({ a: 1, b: { c: 1, d: [2] } })).toBe(canonical({ b: { d: [2], c: 1 }, a: 1 }));
    expect(canonical({ a: 1 })).not.toBe(canonical([['a', 1]]));
  });
});
