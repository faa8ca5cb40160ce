import { describe, expect, it } from 'vitest';
import { fieldsOf } from './contract-fields.js';
import { TextField } from './fields.js';
import { type NeutralParams, TakesNeutral, unsupportedIn } from './neutral-params.js';

const ANY = { type: 'object', additionalProperties: true } as const;

const PARAMS: NeutralParams = {
  tools: { schema: ANY, neutral: [[]] },
  bias: { schema: ANY, neutral: [{}] },
  modes: { schema: ANY, neutral: [['text']] },
  best_of: { schema: { type: 'integer' }, neutral: [1], orEqualTo: 'n' },
  audio: { schema: ANY, neutral: [] },
};

@TakesNeutral(PARAMS)
class Contract {
  @TextField({ maxLength: 5, description: '' }) text?: string;
}

describe('parameters that cannot be honoured', () => {
  it.each<[object, string[]]>([
    [{}, []],
    [{ tools: null, bias: null, modes: null, best_of: null, audio: null }, []],
    [{ tools: [], bias: {}, modes: ['text'], best_of: 1 }, []],
    [{ tools: [{}] }, ['tools']],
    [{ tools: {} }, ['tools']],
    [{ bias: [] }, ['bias']],
    [{ bias: { 50256: -100 } }, ['bias']],
    [{ modes: ['text', 'audio'] }, ['modes']],
    [{ best_of: 2 }, ['best_of']],
    [{ best_of: '1' }, ['best_of']],
    [{ best_of: 2, n: 2 }, []],
    [{ best_of: 3, n: 2 }, ['best_of']],
    [{ audio: {} }, ['audio']],
    [{ audio: false, tools: 'x', other: 1 }, ['tools', 'audio']],
  ])('are found by what they ask for: %j', (request, found) => {
    expect(unsupportedIn(request, PARAMS)).toEqual(found);
  });

  it('are fields of the contract, of any value', () => {
    const fields = fieldsOf(Contract);
    expect([...fields.keys()]).toEqual(['text', ...Object.keys(PARAMS)]);
    expect(fields.get('tools')?.check({ not: '' })).toBeUndefined();
  });
});
