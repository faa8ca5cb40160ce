// Schemas that are none, and schemas that are meant to do harm.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { creates } from '../support/asking.js';
import { asked, chat, contents, errorOf, imagePart } from '../support/chat.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';
import { fitting, RIGHT } from '../support/structured.js';

const LLAVA = 'yorickvp/llava-13b';

let gateway: TestGateway;
let never: TestGateway;
let twice: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ settings: { models: ['*'] } });
  never = await startTestGateway({ beside: gateway, settings: { models: ['*'], structuredRetries: 0 } });
  twice = await startTestGateway({ beside: gateway, settings: { models: ['*'], structuredRetries: 2 } });
});
afterAll(async () => {
  await twice.close();
  await never.close();
  await gateway.close();
});
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

/** The model's answers, in order. */
function answers(...outputs: unknown[]): void {
  for (const output of outputs) gateway.sandbox.script({ output });
}
describe('a bad schema', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'a type that is none',
      { type: 'object', properties: { a: { type: 'text' } } },
      /'invoice': \/properties\/a\/type: /,
    ],
    ['a required that is no list', { required: 'a' }, /\/required: must be array/],
    ['an enum that is no list', { enum: 'a' }, /\/enum: must be array/],
    ['a pattern that is none', { properties: { a: { pattern: '(' } } }, /\/properties\/a\/pattern: /],
    [
      'a reference to nowhere',
      { properties: { a: { $ref: '#/$defs/x' } } },
      /\/properties\/a\/\$ref: nothing is at "#\/\$defs\/x"/,
    ],
    [
      'a reference to elsewhere',
      { $ref: 'https://evil.example/x.json' },
      /is outside of the schema, and nothing is fetched/,
    ],
    ['a negative length', { minLength: -1 }, /\/minLength: must be >= 0/],
    [
      'too many properties',
      { properties: Object.fromEntries(Array.from({ length: 5001 }, (_, i) => [`p${i}`, {}])) },
      /more than 5000 properties/,
    ],
    ['too many characters', { description: 'x'.repeat(120_000) }, /longer than 120000 characters/],
  ])('is a 400 that says where, for nothing: %s', async (_, schema, message) => {
    const answer = await chat(gateway, fitting(schema));
    expect(answer.status, answer.text).toBe(400);
    const error = errorOf(answer);
    expect(error).toMatchObject({ code: 'invalid_json_schema', param: 'response_format.json_schema.schema' });
    expect(error.message).toMatch(message);
    expect(creates(gateway)).toEqual([]);
    expect(await ledger(gateway)).toEqual([]);
  });
});

describe('a hostile schema', () => {
  const others = async (until: Promise<unknown>): Promise<number> => {
    let isOver = false;
    const over = until.finally(() => (isOver = true));
    let answered = 0;
    do {
      expect(contents(await chat(gateway, { model: LLAVA }))).toEqual(['A red bicycle.']);
      answered++;
      // Replicate takes no more than some hundred creates a minute.
      await new Promise((resolve) => setTimeout(resolve, 100));
    } while (!isOver);
    await over;
    return answered;
  };
  /** References to references, of which each is there ten times. */
  const bomb = () => {
    const level = (i: number) => ({
      anyOf: Array.from({ length: 10 }, () => ({ $ref: `#/$defs/l${i + 1}` })),
    });
    const levels = Array.from({ length: 12 }, (_, i) => [`l${i}`, level(i)] as const);
    return {
      $ref: '#/$defs/l0',
      $defs: { ...Object.fromEntries(levels), l12: { type: 'number', minimum: 5 } },
    };
  };
  const nested = (depth: number) => {
    let schema: object = { type: 'string' };
    for (let i = 0; i < depth; i++) schema = { type: 'array', items: schema };
    return schema;
  };

  it.each<[string, object, string]>([
    [
      'a pattern that never ends',
      { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } },
      `{"a":"${'a'.repeat(40)}!"}`,
    ],
    [
      'a property pattern that never ends',
      { type: 'object', patternProperties: { '^(\\w+\\s?)*$': {} } },
      `{"${'a'.repeat(40)}!":1}`,
    ],
    ['references that multiply', bomb(), '"x"'],
    ['a reference to itself', { $ref: '#' }, '{}'],
    ['a deep schema', nested(40), '[]'],
    ['a schema deeper than any', nested(400), '[]'],
  ])(
    'is answered in time, and nobody else waits for it: %s',
    async (_, schema, output) => {
      gateway.sandbox.script({ match: { inputIncludes: 'HOSTILE' }, times: 5, output });
      const before = performance.now();
      const hostile = chat(gateway, { messages: [asked(imagePart(), 'HOSTILE')], ...fitting(schema) });
      expect(await others(hostile)).toBeGreaterThan(0);
      const answer = await hostile;
      expect([200, 400], answer.text).toContain(answer.status);
      if (answer.status !== 200) {
        expect(['invalid_json_schema', 'structured_output_failed', null]).toContain(errorOf(answer).code);
      }
      // No measure of speed: far below what such a thing would take if nobody stopped it.
      expect(performance.now() - before).toBeLessThan(30_000);
      answers(RIGHT);
      expect(contents(await chat(gateway, fitting()))).toEqual([RIGHT]);
    },
    60_000,
  );
});
