import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldsOf } from '../contracts/contract-fields.js';
import { refusalOf, validated } from '../http/validated.fixture.js';
import { CompletionRequest } from './completions.contract.js';
import { toDoorRequest } from './completions.mapper.js';
import { COMPLETION_PARAMS } from './unsupported-params.js';

const read = (body: unknown) => toDoorRequest(validated(CompletionRequest, body));
const FIELDS = [...fieldsOf(CompletionRequest).keys()];
const STRICT = FIELDS.filter((name) => !Object.hasOwn(COMPLETION_PARAMS, name));

describe('whatever a completion request is', () => {
  it.each(STRICT)('refuses an object as %s (C11)', (name) => {
    const body = { prompt: 'x', stream: true, [name]: { not: '' } };
    expect(refusalOf(() => read(body))).toMatchObject({ status: 400 });
    expect(refusalOf(() => read(body))?.param).toMatch(new RegExp(`^${name}`));
  });

  it('throws nothing but what can be answered, for any JSON', () => {
    const body = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...FIELDS), fc.jsonValue()).map((rest) => ({ prompt: 'x', ...rest })),
    );
    fc.assert(
      fc.property(body, (value) => {
        const error = refusalOf(() => read(value));
        if (error) expect(error.message).not.toMatch(/undefined|\[object/);
        expect(error?.status ?? 400).toBe(400);
      }),
      { numRuns: 3000 },
    );
  });
});
