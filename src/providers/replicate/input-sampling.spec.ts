import { describe, expect, it } from 'vitest';
import type { InferenceRequest } from '../../inference/inference.js';
import { planInput } from './input.js';
import { modelOf, refusalOf, requestOf, TEXT } from './model-interface.fixture.js';

const NUMBER = { type: 'number' };
const WARM = { type: 'number', minimum: 0.01 };
const SWITCH = { type: 'boolean', default: true };

function fieldsOf(
  properties: Record<string, object>,
  more: Partial<InferenceRequest>,
  required: string[] = [],
) {
  const { fields } = planInput(requestOf(more), modelOf({ prompt: TEXT, ...properties }, required));
  const { prompt, ...others } = fields;
  expect(prompt).toBe('Describe.');
  return others;
}

describe('a parameter that the model lacks', () => {
  it.each<[string, Partial<InferenceRequest>]>([
    ['temperature', { temperature: 0.7 }],
    ['temperature', { temperature: 0 }],
    ['top_p', { topP: 0.9 }],
    ['top_k', { topK: 40 }],
    ['seed', { seed: 7 }],
    ['frequency_penalty', { frequencyPenalty: 0.5 }],
    ['presence_penalty', { presencePenalty: -1 }],
    ['do_sample', { doSample: false }],
  ])('is refused: %s', (param, more) => {
    expect(refusalOf(more, modelOf({ prompt: TEXT }))).toMatchObject({
      reason: 'unsupported_parameter',
      param,
      message: `Unsupported parameter: '${param}' is not supported with this model.`,
    });
  });

  it('is left out where it asks for nothing special, and stop always', () => {
    const neutral = { temperature: 1, topP: 1, frequencyPenalty: 0, presencePenalty: 0, doSample: true };
    expect(fieldsOf({}, { ...neutral, stop: ['END'] })).toEqual({});
  });
});

describe('a parameter that the model lacks, of a caller who drops those', () => {
  const plan = (properties: Record<string, object>, more: Partial<InferenceRequest>) =>
    planInput(requestOf({ ...more, dropsUnsupported: true }), modelOf({ prompt: TEXT, ...properties }));

  it('is left out and told, by the name that the caller knows', () => {
    const more = { doSample: false, presencePenalty: 1, frequencyPenalty: 1, seed: 7, topK: 4, topP: 0.5 };
    expect(plan({ top_k: { type: 'integer' } }, { ...more, temperature: 0 })).toMatchObject({
      fields: { prompt: 'Describe.', top_k: 4 },
      dropped: ['temperature', 'top_p', 'seed', 'frequency_penalty', 'presence_penalty', 'do_sample'],
    });
  });

  it('is not told where it asks for nothing special, nor where the model has it', () => {
    const { fields, dropped } = plan({ seed: { type: 'integer' } }, { seed: 7, topP: 1, stop: ['END'] });
    expect([fields, dropped]).toEqual([{ prompt: 'Describe.', seed: 7 }, []]);
  });

  it('does not keep what is out of bounds from being refused', () => {
    const model = modelOf({ prompt: TEXT, temperature: { ...NUMBER, maximum: 1 } });
    expect(refusalOf({ topK: 4, temperature: 1.5, dropsUnsupported: true }, model)).toMatchObject({
      reason: 'decimal_above_max_value',
      param: 'temperature',
    });
  });

  it('does not keep a value from being refused that the operator has fixed to another', () => {
    const model = { id: 'm', upstream: 'o/m', input: { seed: 1 } };
    const seeded = modelOf({ prompt: TEXT, seed: { type: 'integer' } });
    expect(refusalOf({ model, seed: 2, dropsUnsupported: true }, seeded)).toMatchObject({ param: 'seed' });
  });
});

describe('a penalty', () => {
  const properties = { frequency_penalty: { ...NUMBER, default: 0.2 }, presencePenalty: NUMBER };

  it('is sent where the model has it, and 0 as 0', () => {
    expect(fieldsOf(properties, { frequencyPenalty: 0, presencePenalty: 1.5 })).toEqual({
      frequency_penalty: 0,
      presencePenalty: 1.5,
    });
  });

  it("is held to the model's bounds", () => {
    const model = modelOf({ prompt: TEXT, presence_penalty: { ...NUMBER, minimum: 0, maximum: 2 } });
    expect(refusalOf({ presencePenalty: -0.5 }, model)).toMatchObject({
      reason: 'decimal_below_min_value',
      param: 'presence_penalty',
    });
  });

  it("may be the operator's default", () => {
    const model = { id: 'm', upstream: 'o/m', defaults: { frequencyPenalty: 0.3, presencePenalty: 0.4 } };
    expect(fieldsOf(properties, { model, presencePenalty: 0 })).toEqual({
      frequency_penalty: 0.3,
      presencePenalty: 0,
    });
  });
});

describe('greedy decoding', () => {
  it.each<[string, Record<string, object>, Partial<InferenceRequest>, object]>([
    [
      'is the switch turned off',
      { temperature: NUMBER, do_sample: SWITCH },
      { temperature: 0 },
      { do_sample: false },
    ],
    [
      'wins over sampling that is asked for with it',
      { temperature: NUMBER, do_sample: SWITCH },
      { temperature: 0, doSample: true },
      { do_sample: false },
    ],
    ['is temperature 0 without a switch', { temperature: NUMBER }, { temperature: 0 }, { temperature: 0 }],
    ['is temperature 0 for do_sample too', { temperature: NUMBER }, { doSample: false }, { temperature: 0 }],
    [
      'leaves the temperature alone that nobody reads then',
      { temperature: NUMBER, do_sample: SWITCH },
      { temperature: 0.7, doSample: false },
      { temperature: 0.7, do_sample: false },
    ],
  ])('%s', (_, properties, more, fields) => {
    expect(fieldsOf(properties, more)).toEqual(fields);
  });

  it('is refused where the model can only be warm', () => {
    const model = modelOf({ prompt: TEXT, temperature: WARM });
    expect(refusalOf({ temperature: 0 }, model)).toMatchObject({
      reason: 'decimal_below_min_value',
      param: 'temperature',
    });
    expect(refusalOf({ doSample: false }, model)).toMatchObject({
      reason: 'unsupported_parameter',
      param: 'do_sample',
    });
  });

  it('sends a temperature that nobody reads to a model that insists on one', () => {
    const properties = { temperature: { ...WARM, maximum: 0.5 }, do_sample: SWITCH };
    expect(fieldsOf(properties, { temperature: 0 }, ['temperature'])).toEqual({
      temperature: 0.5,
      do_sample: false,
    });
  });
});

describe('sampling', () => {
  it('is turned on by a temperature in a model that does none by itself', () => {
    const properties = { temperature: NUMBER, do_sample: { type: 'boolean', default: false } };
    expect(fieldsOf(properties, { temperature: 0.7 })).toEqual({ temperature: 0.7, do_sample: true });
    expect(fieldsOf(properties, {})).toEqual({});
  });

  it('is asked for where a model has no default for it', () => {
    const properties = { do_sample: { type: 'boolean' }, top_k: { type: 'integer' } };
    expect(fieldsOf(properties, {}, ['do_sample'])).toEqual({ do_sample: true });
    expect(refusalOf({}, modelOf({ prompt: TEXT, ...properties }, ['top_k']))).toMatchObject({
      reason: 'missing_required_parameter',
      param: 'top_k',
    });
  });

  it("has the operator's defaults where the caller says nothing, but those the model cannot take", () => {
    const defaults = { temperature: 5, topP: 0.8, topK: 9, seed: 1.5, doSample: false };
    const model = { id: 'm', upstream: 'o/m', defaults };
    const properties = { temperature: { ...NUMBER, maximum: 2 }, top_p: NUMBER, seed: { type: 'integer' } };
    expect(fieldsOf(properties, { model })).toEqual({ top_p: 0.8, temperature: 0 });
    expect(fieldsOf(properties, { model, topP: 0.1, doSample: true })).toEqual({ top_p: 0.1 });
  });

  it('stays as the operator has fixed it', () => {
    const model = { id: 'm', upstream: 'o/m', input: { do_sample: true } };
    const properties = { temperature: NUMBER, do_sample: { type: 'boolean', default: false } };
    expect(fieldsOf(properties, { model, temperature: 0.7 })).toEqual({ temperature: 0.7, do_sample: true });
    expect(refusalOf({ model, temperature: 0 }, modelOf({ prompt: TEXT, ...properties }))).toMatchObject({
      reason: 'unsupported_value',
      param: 'temperature',
    });
  });
});

describe('stop texts', () => {
  const CSV = { stop_sequences: TEXT };
  const LIST = { stop: { type: 'array', items: TEXT, maxItems: 2 } };

  it.each<[string, Record<string, object>, string[], object]>([
    ['are joined with commas', CSV, ['END', 'STOP'], { stop_sequences: 'END,STOP' }],
    ['are a list where the model takes one', LIST, ['a,b', '\n'], { stop: ['a,b', '\n'] }],
    ['with a comma are cut by us alone', CSV, ['a,b', 'END'], { stop_sequences: 'END' }],
    ['of white space are cut by us alone', CSV, ['\n'], {}],
    ['that are too many are cut by us alone', LIST, ['a', 'b', 'c'], {}],
    [
      "come after the model's own, which end its turn",
      { stop_sequences: { ...TEXT, default: '<|end|>,<|im_end|>' } },
      ['END'],
      { stop_sequences: '<|end|>,<|im_end|>,END' },
    ],
  ])('%s', (_, properties, stop, fields) => {
    expect(fieldsOf(properties, { stop })).toEqual(fields);
  });

  it('are none where a model insists on some', () => {
    expect(fieldsOf(CSV, {}, ['stop_sequences'])).toEqual({ stop_sequences: '' });
  });
});
