import { Logger } from '@nestjs/common';
import { zodResponseFormat } from 'openai/helpers/zod';
import { Piscina } from 'piscina';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { ApiError } from '../errors/api-error.js';
import type { SchemaForm } from './answer-form.js';
import { JudgePool } from './judge-pool.js';
import type { JudgeTask } from './judge.worker.js';
import { StructuredOutput } from './structured-output.service.js';

const structured = new StructuredOutput();
beforeAll(() => {
  Logger.overrideLogger(false);
});
afterAll(() => structured.onApplicationShutdown());

function form(schema: unknown): SchemaForm {
  return { kind: 'json_schema', name: 'thing', schema, param: 'response_format.json_schema.schema' };
}

/** Takes the thread all the time that it has. */
const EVIL = { properties: { a: { pattern: '^(a+)+$' } } };
const EVIL_ANSWER = JSON.stringify({ a: `${'a'.repeat(50)}!` });
const endless: JudgeTask = { schema: JSON.stringify(EVIL), answer: { text: EVIL_ANSWER, ended: 'stop' } };

async function refusal(schema: unknown): Promise<string> {
  const error: unknown = await structured.check(form(schema)).catch((thrown: unknown) => thrown);
  if (!(error instanceof ApiError)) throw new Error('it is accepted');
  expect(error).toMatchObject({
    reason: 'invalid_json_schema',
    status: 400,
    param: 'response_format.json_schema.schema',
  });
  return error.message.replace("Invalid schema for response_format 'thing': ", '');
}

describe('a schema is refused with its place', () => {
  it.each([
    [
      { properties: { a: { type: 'nmber' } } },
      '/properties/a/type: must be equal to one of the allowed values',
    ],
    [{ required: 'a' }, '/required: must be array.'],
    [{ items: { minLength: -1 } }, '/items/minLength: must be >= 0.'],
    [{ properties: { a: { pattern: '(' } } }, '/properties/a/pattern: Invalid regular expression'],
    [{ patternProperties: { '[': {} } }, '/patternProperties: Invalid regular expression'],
    [{ properties: { a: { $ref: '#/$defs/b' } } }, '/properties/a/$ref: nothing is at "#/$defs/b".'],
    [{ items: { $ref: 'http://127.0.0.1:1/x.json' } }, '/items/$ref: "http://127.0.0.1:1/x.json" is outside'],
    [
      { $ref: 'file:///etc/passwd' },
      '/$ref: "file:///etc/passwd" is outside of the schema, and nothing is fetched',
    ],
    [{ $ref: '#' }, 'the schema: refers to itself without end'],
    [{ $dynamicAnchor: 'x', $dynamicRef: '#x', type: 'object' }, 'refers to itself without end'],
    [{ $defs: { A: { allOf: [{ $ref: '#/$defs/A' }] } }, $ref: '#/$defs/A' }, 'refers to itself without end'],
    [{ properties: { a: { enum: [] } } }, '/properties/a/enum: '],
    [true, 'the schema must be a JSON object.'],
    [[], 'the schema must be a JSON object.'],
    [undefined, 'the schema must be a JSON object.'],
    ['{}', 'the schema must be a JSON object.'],
  ])('%j', async (schema, message) => {
    expect(await refusal(schema)).toContain(message);
  });

  it('or its size', async () => {
    expect(await refusal({ description: 'x'.repeat(1_000_000) })).toContain('longer than 120000 characters');
    const names = Array.from({ length: 5001 }, (_, at) => [`p${at}`, {}] as const);
    expect(await refusal({ properties: Object.fromEntries(names) })).toContain('more than 5000 properties');
  });
});

describe('a schema is taken', () => {
  it.each([
    ['without anything in it', {}],
    [
      'with unknown keywords and formats',
      { 'x-order': 1, format: 'iban', properties: { a: { format: 'no' } } },
    ],
    ['of draft 7, with its lists', { $schema: 'http://json-schema.org/draft-07/schema#', items: [{}] }],
    ['of 2020-12', { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{}] }],
    ['of an unknown dialect', { $schema: 'https://example.com/my-dialect', type: 'object' }],
    [
      'with an id',
      { $id: 'https://example.com/a', properties: { b: { $ref: '#/$defs/b' } }, $defs: { b: {} } },
    ],
    ['that refers to itself', { properties: { child: { $ref: '#' }, all: { items: { $ref: '#' } } } }],
    ['with a pattern that escapes what need not be', { pattern: '^\\d\\-\\d$' }],
    ['without what OpenAI asks of strict ones', { properties: { a: { type: 'string' } } }],
  ])('%s', async (_, schema) => {
    await expect(structured.check(form(schema))).resolves.toBeUndefined();
  });

  it('as the openai client makes it from zod, nested, nullable and recursive', async () => {
    interface Part {
      name: string;
      parts: Part[];
    }
    const part: z.ZodType<Part> = z.object({ name: z.string(), parts: z.array(z.lazy(() => part)) });
    const shape = z.object({
      part,
      when: z.iso.datetime().nullable(),
      kind: z.enum(['a', 'b']),
      either: z.union([z.string(), z.object({ n: z.number().int().min(1) })]),
    });
    const made = form(zodResponseFormat(shape, 'thing').json_schema.schema);
    await expect(structured.check(made)).resolves.toBeUndefined();
    const value = { part: { name: 'x', parts: [] }, when: null, kind: 'a', either: { n: 1 } };
    const good = await structured.judge(made, JSON.stringify(value), 'stop');
    expect(good).toEqual({ kind: 'valid', json: JSON.stringify(value), repaired: false });
    const bad = await structured.judge(made, JSON.stringify({ ...value, kind: 'c' }), 'stop');
    expect(bad).toMatchObject({
      kind: 'invalid',
      problem: expect.stringContaining('/kind must be') as string,
    });
  });

  it('of any object, without a look', async () => {
    await expect(structured.check({ kind: 'json_object' })).resolves.toBeUndefined();
  });
});

describe('a hostile schema', () => {
  const doubled = (levels: number): object => {
    const names = Array.from({ length: levels }, (_, at) => at);
    const twice = (at: number): object => ({
      allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }],
    });
    const defs = names.map((at) => [`d${at}`, twice(at)] as const);
    return { $ref: '#/$defs/d0', $defs: { ...Object.fromEntries(defs), [`d${levels}`]: { type: 'object' } } };
  };

  it.each([
    [
      'with a pattern that backtracks',
      { properties: { a: { pattern: '^(a+)+$' } } },
      { a: `${'a'.repeat(50)}!` },
    ],
    ['that doubles thirty times', doubled(30), {}],
    ['that is itself', { $ref: '#' }, {}],
    [
      'that goes round',
      { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
      {},
    ],
    [
      'that compares all with all',
      { properties: { a: { uniqueItems: true } } },
      { a: Array.from({ length: 30_000 }, (_, at) => ({ b: { c: at } })) },
    ],
  ])('%s stops neither the event loop nor the next answer', async (_, schema, value) => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 10);
    const verdict = await structured.judge(form(schema), JSON.stringify(value), 'stop');
    clearInterval(timer);
    expect(verdict.kind).toBe('invalid');
    expect(turns).toBeGreaterThan(0);
    const next = await structured.judge(form({ type: 'object' }), '{"a":1}', 'stop');
    expect(next).toEqual({ kind: 'valid', json: '{"a":1}', repaired: false });
  });

  it('that fills its thread is too complex', async () => {
    const deep = JSON.parse(`${'{"not":'.repeat(3000)}{}${'}'.repeat(3000)}`) as unknown;
    expect(await refusal(deep)).toBe('the schema is too complex.');
  });

  it('cannot make its check answer later', async () => {
    const schema = { $async: true, type: 'object', required: ['a'] };
    expect(await structured.judge(form(schema), '{}', 'stop')).toMatchObject({ kind: 'invalid' });
  });

  it('does not reach the thread with its keys', async () => {
    const schema = JSON.parse(
      '{"properties": {"__proto__": {"type": "number"}, "constructor": {}}}',
    ) as unknown;
    await expect(structured.check(form(schema))).resolves.toBeUndefined();
    expect(await structured.judge(form(schema), '{"a": 1}', 'stop')).toMatchObject({ kind: 'valid' });
  });
});

describe('the threads', () => {
  it('begin with the first task, and end with the gateway', async () => {
    const pool = new JudgePool();
    expect(pool.threads).toBe(0);
    await pool.run({ schema: '{}' });
    expect(pool.threads).toBe(1);
    await pool.close();
    expect(pool.threads).toBe(0);
    await expect(pool.run({ schema: '{}' })).rejects.toThrow('closed');
  });

  it('are two at most', async () => {
    const pool = new JudgePool();
    await Promise.all(Array.from({ length: 20 }, () => pool.run({ schema: '{}' })));
    expect(pool.threads).toBe(2);
    await pool.close();
  });

  it('take answers, which are paid for, before schemas', async () => {
    const begun = vi.spyOn(Piscina.prototype, 'run');
    const pool = new JudgePool();
    const held = Array.from({ length: 2 }, () => pool.run(endless));
    const schemas = ['{"title":"1"}', '{"title":"2"}', '{"title":"3"}'];
    const answers = ['{"a":1}', '{"a":2}', '{"a":3}'];
    const checked = schemas.map((schema) => pool.run({ schema }));
    const judged = answers.map((text) => pool.run({ schema: '{}', answer: { text, ended: 'stop' } }));
    await Promise.all([...held, ...checked, ...judged]);
    const order = begun.mock.calls.slice(held.length).map(([task]: [JudgeTask, ...unknown[]]) => {
      return task.answer?.text ?? task.schema;
    });
    expect(order).toEqual([...answers, ...schemas]);
    begun.mockRestore();
    await pool.close();
  });

  it('let 32 schemas wait and no more, and any number of answers', async () => {
    const busy = new StructuredOutput();
    const answer = (text: string) => busy.judge({ kind: 'json_object' }, text, 'stop');
    const held = Array.from({ length: 2 }, () => busy.judge(form(EVIL), EVIL_ANSWER, 'stop'));
    const waiting = Array.from({ length: 32 }, (_, at) => busy.check(form({ title: `${at}` })));
    const judged = Array.from({ length: 100 }, () => answer('{"a":1}'));
    for (const schema of [{}, { type: 'nonsense' }]) {
      const error: unknown = await busy.check(form(schema)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toMatchObject({
        reason: 'model_overloaded',
        status: 503,
        retryAfterMs: 1000,
        billed: false,
        message: expect.stringContaining('schemas') as string,
      });
    }
    await expect(Promise.all(waiting)).resolves.toHaveLength(32);
    for (const verdict of await Promise.all(judged)) expect(verdict.kind).toBe('valid');
    for (const verdict of await Promise.all(held)) expect(verdict).toMatchObject({ isFinal: true });
    await expect(busy.check(form({}))).resolves.toBeUndefined();
    await busy.onApplicationShutdown();
  });

  it('are an error of our own where they fail at an answer, which is billed', async () => {
    const failing = new StructuredOutput();
    const ours = { reason: 'internal_error', status: 500, billed: true };
    const run = vi.spyOn(Piscina.prototype, 'run');
    run.mockRejectedValueOnce(new Error('the worker has exited'));
    await expect(failing.judge(form({}), '{"a":1}', 'stop')).rejects.toMatchObject(ours);
    run.mockRestore();
    expect(await failing.judge(form({}), '{"a":1}', 'stop')).toMatchObject({ kind: 'valid' });
    await failing.onApplicationShutdown();
    await expect(failing.judge({ kind: 'json_object' }, '{}', 'stop')).rejects.toMatchObject(ours);
  });

  it('are given no answer that could fill their memory, which might end the process', async () => {
    const longest = JSON.stringify({ a: 'x'.repeat(1024 ** 2 - '{"a":""}'.length) });
    const begun = vi.spyOn(Piscina.prototype, 'run');
    expect(await structured.judge(form({}), `${longest} `, 'stop')).toEqual({
      kind: 'invalid',
      problem: 'the answer is longer than 1048576 characters',
      isFinal: true,
    });
    expect(begun).not.toHaveBeenCalled();
    begun.mockRestore();
    expect(await structured.judge(form({}), longest, 'stop')).toMatchObject({ kind: 'valid' });
    const numbers = `{"a":[${'1,'.repeat(520_000)}1]}`;
    // Whether half a million values are judged in time is the machine's matter: the thread must live through them.
    expect(['valid', 'invalid']).toContain((await structured.judge(form({}), numbers, 'stop')).kind);
    expect(await structured.judge(form({}), '{"a":1}', 'stop')).toMatchObject({ kind: 'valid' });
  });

  it('have said their last word where the time was up, and another answer may do where it does not fit', async () => {
    expect(await structured.judge(form(EVIL), EVIL_ANSWER, 'stop')).toMatchObject({
      kind: 'invalid',
      problem: 'the answer could not be checked against the schema in time',
      isFinal: true,
    });
    const wrong = await structured.judge(form({ required: ['a'] }), '{}', 'stop');
    expect(wrong).toMatchObject({ kind: 'invalid' });
    expect(wrong).not.toHaveProperty('isFinal');
  });
});
