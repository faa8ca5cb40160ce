import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BooleanField, IntegerField, NumberField, TextField, TextOrTextsField } from '../contracts/fields.js';
import { ObjectField } from '../contracts/nested-fields.js';
import { contractComplaint } from '../contracts/structure-checks.js';
import { ApiError } from '../errors/api-error.js';
import { RequestValidationPipe } from './request-validation.pipe.js';

class Inner {
  @TextField({ required: true, maxLength: 5, description: '' })
  a!: string;
}

class Contract {
  @TextField({ required: true, maxLength: 5, description: '' })
  text!: string;

  @TextOrTextsField({ maxLength: 5, maxItems: 2, description: '' })
  texts?: string | string[] | null;

  @IntegerField({ min: 1, max: 9, description: '' })
  whole?: number | null;

  @NumberField({ min: 0, max: 1, description: '' })
  decimal?: number | null;

  @BooleanField({ description: '' })
  flag?: boolean | null;

  @ObjectField({ contract: Inner, description: '' })
  inner?: Inner | null;
}

const values = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    '',
    'a',
    'abcdef',
    'a\0',
    '\ud800',
    0,
    1,
    0.5,
    10,
    -1,
    NaN,
    Infinity,
    true,
    false,
  ),
  fc.constantFrom<unknown>(
    { a: 5 },
    { a: 'a', b: 1 },
    [],
    ['a'],
    ['a', 'b'],
    ['a', 'b', 'c'],
    ['a', 5],
    [''],
    {},
    { not: '' },
  ),
);
/** Mostly what the field takes, sometimes anything. */
const mostly = (...good: unknown[]) =>
  fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: values });
const bodies = fc
  .record(
    {
      text: mostly('a', 'abcde'),
      texts: mostly('a', ['a', 'b'], null),
      whole: mostly(1, 9, null),
      decimal: mostly(0, 0.5, 1),
      flag: mostly(true, false),
      inner: mostly({ a: 'a' }, null),
    },
    { requiredKeys: [] },
  )
  .chain((body) => fc.constantFrom<object>(body, body, body, { ...body, other: 1 }));

describe('the validation of requests', () => {
  it("comes to class-validator's own verdict about a body", () => {
    const rules = { whitelist: true, forbidNonWhitelisted: true };
    const verdicts = { good: 0, bad: 0 };
    fc.assert(
      fc.property(bodies, (body) => {
        const good = validateSync(plainToInstance(Contract, body), rules).length === 0;
        verdicts[good ? 'good' : 'bad']++;
        expect(contractComplaint(Contract, { ...body }) === undefined).toBe(good);
      }),
      { numRuns: 5000 },
    );
    expect(Math.min(verdicts.good, verdicts.bad)).toBeGreaterThan(5);
  });

  it('gives an instance of the contract, or an error that names the parameter', () => {
    const pipe = new RequestValidationPipe();
    const body = { type: 'body', metatype: Contract } as const;
    expect(pipe.transform({ text: 'abc' }, body)).toBeInstanceOf(Contract);
    expect(() => pipe.transform({ text: 'abc', whole: 'x' }, body)).toThrow(ApiError);
    try {
      pipe.transform({ text: 'abc', whole: 'x' }, body);
    } catch (error) {
      expect(error).toMatchObject({ reason: 'invalid_type', param: 'whole' });
    }
  });

  it.each(['constructor', 'toString', 'hasOwnProperty'])('knows no field called %s', (name) => {
    const pipe = new RequestValidationPipe();
    const body = { type: 'body', metatype: Contract } as const;
    expect(() => pipe.transform({ text: 'abc', [name]: 5 }, body)).toThrow(`Unknown parameter: '${name}'`);
    expect(() => pipe.transform({ text: { [name]: 5 } }, body)).toThrow("Invalid type for 'text'");
  });

  it.each<[object, string, string]>([
    [{ inner: 'x' }, 'inner', "Invalid type for 'inner': expected an object, but got a string instead."],
    [{ inner: {} }, 'inner.a', "Missing required parameter: 'inner.a'."],
    [{ inner: { a: '', b: 1 } }, 'inner.b', "Unknown parameter: 'inner.b'."],
    [{ inner: { a: '' } }, 'inner.a', "Invalid 'inner.a': empty string. Expected at least one character."],
    [
      { texts: ['a', 5] },
      'texts[1]',
      "Invalid type for 'texts[1]': expected a string, but got an integer instead.",
    ],
  ])('names the place inside: %j', (body, param, message) => {
    const pipe = new RequestValidationPipe();
    const read = () => pipe.transform({ text: 'a', ...body }, { type: 'body', metatype: Contract });
    expect(read).toThrow(expect.objectContaining({ param, message }));
  });

  it('checks the fields that a contract inherits', () => {
    class Heir extends Contract {}
    const pipe = new RequestValidationPipe();
    const body = { type: 'body', metatype: Heir } as const;
    expect(pipe.transform({ text: 'abc' }, body)).toBeInstanceOf(Heir);
    expect(() => pipe.transform({}, body)).toThrow("Missing required parameter: 'text'");
  });

  it('leaves alone what is no contract', () => {
    const pipe = new RequestValidationPipe();
    expect(pipe.transform('ten_1', { type: 'param', metatype: String })).toBe('ten_1');
    expect(pipe.transform(5, { type: 'custom', metatype: AbortSignal })).toBe(5);
  });
});
