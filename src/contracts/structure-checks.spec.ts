import { describe, expect, it } from 'vitest';
import { boolean, choice, integer, text } from './checks.js';
import type { Check } from './complaint.js';
import { EnumField, IntegerField, TextField } from './fields.js';
import { kindOf, listOf, objectOf, onlyUnused, textMap, textOrList } from './structure-checks.js';

class Circle {
  @EnumField({ values: ['circle'], required: true, description: '' }) kind!: 'circle';
  @IntegerField({ min: 1, max: 9, required: true, description: '' }) radius!: number;
  @TextField({ maxLength: 5, description: '' }) name?: string | null;
}

class Point {
  @EnumField({ values: ['point'], required: true, description: '' }) kind!: 'point';
}

const shape = kindOf({
  by: 'kind',
  kinds: { circle: Circle, point: Point },
  unsupported: { cube: 'Nothing solid is drawn.' },
  mistakes: { round: "Did you mean 'circle'?" },
});
const shapes = listOf(shape, { minItems: 1, maxItems: 3 });

describe('a list of objects of several kinds', () => {
  it.each([
    [[{ kind: 'circle', radius: 1 }]],
    [[{ kind: 'circle', radius: 9, name: 'a' }, { kind: 'point' }]],
    [[{ kind: 'circle', radius: 1, name: null }]],
  ])('is taken: %j', (value) => {
    expect(shapes(value)).toBeUndefined();
  });

  it.each<[unknown, string, object]>([
    ['x', '', { reason: 'invalid_type', expected: 'an array' }],
    [[], '', { reason: 'empty_array', bound: 1 }],
    [Array(4).fill({ kind: 'point' }), '', { reason: 'array_above_max_length', bound: 3 }],
    [[{ kind: 'point' }, 'x'], '[1]', { reason: 'invalid_type', expected: 'an object', value: 'x' }],
    [[[]], '[0]', { reason: 'invalid_type' }],
    [[null], '[0]', { reason: 'invalid_type', value: null }],
    [[{}], '[0].kind', { reason: 'missing_required_parameter' }],
    [[{ kind: 5 }], '[0].kind', { reason: 'invalid_type', expected: "one of 'circle' and 'point'" }],
    [[{ kind: null }], '[0].kind', { reason: 'invalid_type', value: null }],
    [[{ kind: 'line' }], '[0].kind', { reason: 'invalid_value', supported: ['circle', 'point'] }],
    [[{ kind: 'toString' }], '[0].kind', { reason: 'invalid_value' }],
    [[{ kind: 'round' }], '[0].kind', { reason: 'invalid_value', hint: "Did you mean 'circle'?" }],
    [[{ kind: 'cube' }], '[0].kind', { reason: 'unsupported_value', hint: 'Nothing solid is drawn.' }],
    [[{ kind: 'circle' }], '[0].radius', { reason: 'missing_required_parameter' }],
    [[{ kind: 'circle', radius: null }], '[0].radius', { reason: 'invalid_type', value: null }],
    [[{ kind: 'circle', radius: 10 }], '[0].radius', { reason: 'integer_above_max_value', value: 10 }],
    [[{ kind: 'point', radius: 1 }], '[0].radius', { reason: 'unknown_parameter' }],
    [[{ kind: 'point', toString: 1 }], '[0].toString', { reason: 'unknown_parameter' }],
  ])('is refused: %j', (value, path, complaint) => {
    expect(shapes(value)).toMatchObject({ ...complaint, ...(path !== '' && { path }) });
    expect(shapes(value)?.path ?? '').toBe(path);
  });

  it('never repeats a name of megabytes', () => {
    const path = shapes([{ kind: 'point', ['x'.repeat(1e6)]: 1 }])?.path;
    expect(path).toBe(`[0].${'x'.repeat(100)}…`);
  });

  it('looks at every element once', () => {
    let looks = 0;
    const counting: Check = () => void looks++;
    expect(listOf(counting, {})(Array(100_000).fill(0))).toBeUndefined();
    expect(looks).toBe(100_000);
  });
});

describe('an object', () => {
  const circle = objectOf(Circle, 'Send an object.');

  it('has a hint for who sends a text in its place, and for no other', () => {
    expect(circle('x')).toMatchObject({ reason: 'invalid_type', hint: 'Send an object.' });
    expect(circle(5)).toEqual({ reason: 'invalid_type', expected: 'an object' });
  });
});

describe('a text or a list', () => {
  const check = textOrList({ maxLength: 3, allowEmpty: true }, listOf(boolean, { minItems: 1 }));

  it.each([[''], ['abc'], [[true, false]]])('is taken: %j', (value) => {
    expect(check(value)).toBeUndefined();
  });

  it.each([
    ['abcd', { reason: 'string_above_max_length' }],
    [true, { reason: 'invalid_type', expected: 'a string or an array of parts' }],
    [{ not: '' }, { reason: 'invalid_type' }],
    [[], { reason: 'empty_array' }],
    [[true, 'x'], { reason: 'invalid_type', path: '[1]' }],
  ])('is refused: %j', (value, complaint) => {
    expect(check(value)).toMatchObject(complaint);
  });
});

describe('a map of texts', () => {
  const check = textMap({ maxPairs: 2, maxKeyLength: 3, maxLength: 4 });

  it.each([[{}], [{ a: '' }], [{ abc: 'abcd', b: 'x' }]])('is taken: %j', (value) => {
    expect(check(value)).toBeUndefined();
  });

  it.each([
    [[], { reason: 'invalid_type', expected: 'an object' }],
    ['x', { reason: 'invalid_type' }],
    [
      { a: '', b: '', c: '' },
      { reason: 'invalid_value', expected: 'an object of at most 2 pairs' },
    ],
    [{ abcd: '' }, { reason: 'invalid_value', path: '.abcd' }],
    [{ a: 5 }, { reason: 'invalid_type', path: '.a', value: 5 }],
    [{ a: { not: '' } }, { reason: 'invalid_type', path: '.a' }],
    [{ a: 'abcde' }, { reason: 'string_above_max_length', path: '.a' }],
    [{ a: '\0' }, { reason: 'invalid_value', path: '.a' }],
  ])('is refused: %j', (value, complaint) => {
    expect(check(value)).toMatchObject(complaint);
  });
});

describe('plain checks', () => {
  it.each<[string, Check, unknown, object | undefined]>([
    ['a choice', choice(['a', 'b']), 'a', undefined],
    ['a choice', choice(['a', 'b']), 'c', { reason: 'invalid_value', supported: ['a', 'b'] }],
    ['a choice', choice(['a', 'b']), ['a'], { reason: 'invalid_type' }],
    ['a pattern', text({ maxLength: 9, pattern: /^a+$/ }), 'aaa', undefined],
    ['a pattern', text({ maxLength: 9, pattern: /^a+$/ }), 'ab', { reason: 'invalid_value' }],
    ['a text', text({ maxLength: 9 }), '', { reason: 'empty_string' }],
    ['a text that may be empty', text({ maxLength: 9, allowEmpty: true }), '', undefined],
    ['a bound', integer({ min: 0, max: 1 }), 2, { reason: 'integer_above_max_value', bound: 1 }],
    ['an unused value', onlyUnused((value) => value === 0, 'No.'), 0, undefined],
    ['an unused value', onlyUnused(() => false, 'No.'), 0, { reason: 'unsupported_value', hint: 'No.' }],
  ])('%s: %# %j', (_, check, value, complaint) => {
    if (complaint) expect(check(value)).toMatchObject(complaint);
    else expect(check(value)).toBeUndefined();
  });
});
