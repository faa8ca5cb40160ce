import { describe, expect, it } from 'vitest';
import type { FinishReason } from '../inference/inference.js';
import { anyObject, fitting } from './demand.js';
import { judge } from './judgement.js';
import { compileSchema } from './schema.js';
import type { Verdict } from './verdict.js';

const total = {
  type: 'object',
  properties: { total: { type: 'number' }, note: { type: 'string' }, tags: { type: 'array' } },
  required: ['total'],
  additionalProperties: false,
};

function judged(text: string, asked: { ended?: FinishReason; schema?: object } = {}): Verdict {
  const { ended = 'stop', schema = total } = asked;
  return judge(text, ended, fitting(compileSchema(JSON.stringify(schema))));
}

const valid = (json: string): Verdict => ({ kind: 'valid', json, repaired: false });
const repaired = (json: string): Verdict => ({ kind: 'valid', json, repaired: true });

function problem(verdict: Verdict): string {
  if (verdict.kind !== 'invalid') throw new Error(`it is ${JSON.stringify(verdict)}`);
  return verdict.problem;
}

describe('JSON is found', () => {
  it.each([
    ['alone', '{"total": 1}'],
    ['between white space', '\uFEFF \n{"total": 1}\u00a0'],
    ['in a fence', '```json\n{"total": 1}\n```'],
    ['in a fence on one line', '```json {"total": 1} ```'],
    ['in a fence without an end', '```json\n{"total": 1}'],
    ['in prose', 'The total is: {"total": 1}. Anything else?'],
    ['in prose with apostrophes', "It's what you've asked for: {\"total\": 1} – isn't it?"],
    ['behind brackets of prose', 'As [page 1] of {this} says: {"total": 1}'],
    ['behind a bracket that is never closed', 'A { or [ opens. {"total": 1}'],
    ['in doubled braces', '{{"total": 1}}'],
    ['in a LaTeX box', '$\\boxed{{"total": 1}}$'],
    ['in a fence behind an object without an end', 'Begin with {"total": 5\n```json\n{"total": 1}\n```'],
    ['in front of something else', '{"total": 1}\n{"other": 2}'],
    ['twice, in different words', '{"total": 1} that is {"total":1.0}'],
  ])('%s', (_, text) => {
    expect(judged(text)).toEqual(valid('{"total":1}'));
  });

  it('with brackets and quotes within its texts', () => {
    const json = JSON.stringify({ total: 1, note: 'a } ] \\ " ``` {"total": 2}' });
    expect(judged(`Here: ${json} Done.`)).toEqual(valid(json));
  });

  it('with a fence within a text', () => {
    const json = JSON.stringify({ total: 1, note: '\n```json\n{"total": 2}\n```\n' });
    expect(judged(json)).toEqual(valid(json));
  });

  it('of a list, a text or a number, where the schema wants that', () => {
    expect(judged('Here: [1, 2]', { schema: { type: 'array' } })).toEqual(valid('[1,2]'));
    expect(judged('```\n"a"\n```', { schema: { type: 'string' } })).toEqual(valid('"a"'));
    expect(judged('42', { schema: { type: 'number' } })).toEqual(valid('42'));
  });
});

describe('JSON is mended', () => {
  it.each([
    ['trailing commas', '{"total": 1, "tags": ["a",],}', '{"total":1,"tags":["a"]}'],
    ['single quotes', "{'total': 1, 'note': 'it\\'s \"x\"'}", '{"total":1,"note":"it\'s \\"x\\""}'],
    ['comments', '{"total": 1 /* one */, // two\n "note": "a // b"}', '{"total":1,"note":"a // b"}'],
    ['Python', "{'total': 1, 'tags': [True, False, None]}", '{"total":1,"tags":[true,false,null]}'],
    ['bare keys', '{total: 1, note: "a"}', '{"total":1,"note":"a"}'],
    ['a comma that is missing before a key', '{"total": 1 "note": "a"}', '{"total":1,"note":"a"}'],
    ['brackets that are missing at the end', '{"total": 1, "tags": [["a"]', '{"total":1,"tags":[["a"]]}'],
    ['line breaks within a text', '{"total": 1, "note": "a\nb"}', '{"total":1,"note":"a\\nb"}'],
  ])('%s', (_, text, json) => {
    expect(judged(text)).toEqual(repaired(json));
  });

  it('but not where it is good somewhere else in the answer', () => {
    expect(judged('{\'total\': 1}\n\n```json\n{"total": 1}\n```')).toEqual(valid('{"total":1}'));
  });
});

describe('nothing is invented', () => {
  it.each([
    ['a missing value', '{"total": }'],
    ['a missing value at the end', '{"total":'],
    ['an object of which only the bracket is there', '{'],
    ['a list of which only the bracket is there', '{"total": 1, "tags": ['],
    ['a member that a comma promises', '{"total": 1,'],
    ['what dots stand for', '{"total": 1, "tags": [1, ...]}'],
    ['what two commas enclose', '{"total": 1, "tags": [1,,2]}'],
    ['quotes around a word', '{"total": 1, "note": hello}'],
    ['a comma between two numbers', '{"total": 1, "tags": [1 2]}'],
    ['one text out of two', '{"total": 1, "tags": ["a" "b"]}'],
    ['what a sum of texts is', '{"total": 1, "note": "a" + "b"}'],
    ['where a text ends', '{"total": 1, "note": "the "best" one"}'],
    ['what an unknown escape means', '{"total": 1, "note": "C:\\data"}'],
    ['a bracket in the middle', '{"total": 1, "tags": [[1}'],
    ['a number out of two', '{"total": 12,50}'],
    ['a number from a text', '{"total": "12.50"}'],
    ['a number from what is none', '{"total": NaN}'],
    ['a number from infinity', '{"total": -Infinity}'],
    ['a number that is too large', '{"total": 1e999}'],
    ['a number from one with zeros before it', '{"total": 007}'],
    ['null from undefined', '{"total": 1, "note": undefined}'],
    ['one value out of two', '{"total": 1, "total": 2}'],
    ['one value out of two, mended', "{'total': 1, 'total': 2}"],
  ])('such as %s', (_, text) => {
    expect(judged(text).kind).toBe('invalid');
  });

  it('where two different objects fit', () => {
    expect(problem(judged('{"total": 1} or {"total": 2}'))).toContain('more than one');
    expect(problem(judged('{"total": 1} or {\'total\': 2}'))).toContain('more than one');
  });

  it('from a part of an object or list that has no end', () => {
    const open = '{"data": {"total": 1}, "more": [{"total": 1}';
    expect(judged(open, { ended: 'length' })).toEqual({ kind: 'truncated' });
    expect(judged(open).kind).toBe('invalid');
    expect(judged('[{"total": 1}, ', { ended: 'length' })).toEqual({ kind: 'truncated' });
  });

  it('from a part of a whole that does not fit', () => {
    expect(judged('[{"total": 1}]').kind).toBe('invalid');
    expect(judged('{"answer": {"total": 1}}').kind).toBe('invalid');
    expect(judged('"{\\"total\\": 1}"').kind).toBe('invalid');
  });

  it('from the schema', () => {
    const lax = { type: 'object', properties: { total: { type: 'number' } } };
    const echoes = [
      JSON.stringify(lax, null, 2),
      JSON.stringify({ properties: lax.properties, type: 'object', title: 'Total' }),
      JSON.stringify({ name: 'total', schema: lax }),
    ];
    for (const echo of echoes) expect(problem(judged(echo, { schema: lax }))).toContain('repeats the schema');
    expect(judged(`${JSON.stringify(lax)}\n{"total": 1}`, { schema: lax })).toEqual(valid('{"total":1}'));
  });
});

describe('an answer that breaks off', () => {
  it.each([
    ['in a text', '{"total": 1, "note": "hel'],
    ['in a key', '{"total": 1, "no'],
    ['in an escape', '{"total": 1, "note": "a\\'],
  ])('%s is truncated, however it ended', (_, text) => {
    expect(judged(text)).toEqual({ kind: 'truncated' });
    expect(judged(text, { ended: 'length' })).toEqual({ kind: 'truncated' });
  });

  it.each([
    ['before its brackets', '{"total": 1, "tags": ["a"]'],
    ['in a number', '{"total": 12'],
    ['in a word', '{"total": 1, "tags": [tru'],
    ['in a fence that ends', '```json\n{"total": 1\n```\nI hope'],
    ['before its JSON', 'The total of this invoice'],
    ['in a number alone', '12'],
  ])('at the token limit %s is truncated', (_, text) => {
    expect(judged(text, { ended: 'length' })).toEqual({ kind: 'truncated' });
  });

  it('at the token limit counts where the object before is whole', () => {
    expect(judged('{"total": 1}\n\nThis is', { ended: 'length' })).toEqual(valid('{"total":1}'));
    expect(judged('{"total": 1}\n{"tot', { ended: 'length' })).toEqual(valid('{"total":1}'));
    expect(judged('- Here: {"total": 1}\n- It', { ended: 'length' })).toEqual(valid('{"total":1}'));
  });

  it('at the token limit is wrong where the object before is whole and wrong', () => {
    expect(problem(judged('{"total": "1"}\n\nThis', { ended: 'length' }))).toBe('/total must be number');
  });
});

describe('values', () => {
  it('keep their numbers as the model wrote them', () => {
    expect(judged('{"total": 12345678901234567890.10}')).toEqual(valid('{"total":12345678901234567890.10}'));
    expect(judged("{'total': 9007199254740993}")).toEqual(repaired('{"total":9007199254740993}'));
  });

  it('named __proto__ do no harm', () => {
    const schema = { type: 'object' };
    const verdict = judged('{"__proto__": {"polluted": true}}', { schema });
    expect(verdict).toEqual(valid('{"__proto__":{"polluted":true}}'));
    expect(judged('{"__proto__": {"total": 1}}').kind).toBe('invalid');
    expect({}).not.toHaveProperty('polluted');
  });

  it('nested too deep are refused', () => {
    const deep = `{"total": 1, "tags": ${'['.repeat(64)}${']'.repeat(64)}}`;
    expect(problem(judged(deep))).toContain('nested deeper than 64');
  });
});

describe('any object', () => {
  it('is an object, and no list or scalar', () => {
    expect(judge('{"a": 1}', 'stop', anyObject)).toEqual(valid('{"a":1}'));
    for (const text of ['[1]', '[{"a": 1}]', '1', '"a"', 'null', 'nothing']) {
      expect(judge(text, 'stop', anyObject).kind).toBe('invalid');
    }
  });
});

describe('a problem', () => {
  it('names places, keys and allowed values, in few characters', () => {
    const schema = {
      type: 'object',
      properties: { size: { enum: ['S', 'M'] }, a: { type: 'object', required: ['x', 'y'] } },
      additionalProperties: false,
    };
    expect(problem(judged('{"size": "L", "a": {}, "b": 1}', { schema }))).toBe(
      'the answer must not have "b"; /size must be equal to one of the allowed values: ["S","M"]; /a lacks "x", "y"',
    );
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`key${at}`.repeat(50), 1]));
    expect(problem(judged(JSON.stringify(many))).length).toBeLessThanOrEqual(500);
  });

  it('is about the largest object, where several are wrong', () => {
    expect(problem(judged('{"a": 1} {"total": "1", "note": "long"} {}'))).toBe('/total must be number');
  });
});
