import { describe, expect, it } from 'vitest';
import type { InferenceRequest } from '../../inference/inference.js';
import { planInput } from './input.js';
import { modelOf, refusalOf, requestOf, TEXT } from './model-interface.fixture.js';

const planned = (field: object, more: Partial<InferenceRequest>, name = 'max_tokens') =>
  planInput(requestOf(more), modelOf({ prompt: TEXT, [name]: field }));

describe('a token limit', () => {
  it.each<[string, object, number | undefined, unknown, number | undefined]>([
    ['as asked', { type: 'integer' }, 300, 300, 300],
    ['at least the minimum', { type: 'integer', minimum: 1024 }, 300, 1024, 1024],
    ['at most the maximum', { type: 'integer', maximum: 20 }, 300, 20, 20],
    ['within whole bounds', { type: 'integer', minimum: 300.5 }, 300, 301, 301],
    ['the next choice up', { type: 'integer', enum: [256, 512, 1024] }, 300, 512, 512],
    ['the greatest choice', { type: 'integer', enum: [64, 256] }, 300, 256, 256],
    ['a text', { type: 'string', enum: ['256', '512'] }, 300, '512', 512],
    ['left to the model', { type: 'integer', default: 128 }, undefined, undefined, 128],
    [
      'unknown where the model has no limit',
      { type: 'integer', default: -1 },
      undefined,
      undefined,
      undefined,
    ],
  ])('is %s', (_, field, maxTokens, sent, tokenLimit) => {
    const plan = planned(field, maxTokens === undefined ? {} : { maxTokens });
    expect([plan.fields.max_tokens, plan.tokenLimit]).toEqual([sent, tokenLimit]);
  });

  it('is nothing to a model that has none: the answer is cut anyway', () => {
    expect(planInput(requestOf({ maxTokens: 5 }), modelOf({ prompt: TEXT }))).toEqual({
      fields: { prompt: 'Describe.' },
      imageForms: [],
      dropped: [],
    });
  });

  it('is asked for where the model insists on one', () => {
    const model = modelOf({ prompt: TEXT, max_tokens: { type: 'integer' } }, ['max_tokens']);
    expect(refusalOf({}, model)).toMatchObject({ reason: 'missing_required_parameter', param: 'max_tokens' });
  });

  it("is the operator's where the caller says nothing", () => {
    const model = { id: 'm', upstream: 'o/m', defaults: { maxTokens: 77 } };
    expect(planned({ type: 'integer' }, { model }).tokenLimit).toBe(77);
    expect(planned({ type: 'integer' }, { model, maxTokens: 5 }).tokenLimit).toBe(5);
  });
});

describe('a number that does not fit', () => {
  it.each<[string, Partial<InferenceRequest>, object, string, RegExp]>([
    [
      'temperature',
      { temperature: 2 },
      { type: 'number', maximum: 1.5 },
      'decimal_above_max_value',
      /<= 1.5 /,
    ],
    [
      'temperature',
      { temperature: 0.1 },
      { type: 'number', minimum: 0.5 },
      'decimal_below_min_value',
      />= 0.5 /,
    ],
    ['top_p', { topP: 0.005 }, { type: 'number', minimum: 0.01 }, 'decimal_below_min_value', />= 0.01 /],
    ['top_k', { topK: 2000 }, { type: 'integer', maximum: 1000 }, 'integer_above_max_value', /<= 1000 /],
    ['seed', { seed: -5 }, { type: 'integer', minimum: -1 }, 'integer_below_min_value', />= -1 /],
    ['temperature', { temperature: 0.5 }, { type: 'integer' }, 'invalid_type', /an integer/],
    [
      'temperature',
      { temperature: 0.5 },
      { type: 'number', enum: [0.2, 0.7] },
      'invalid_value',
      /one of 0.2, 0.7 /,
    ],
    ['top_p', { topP: 0.5 }, { type: 'string', enum: ['0.9', '1.0'] }, 'invalid_value', /one of 0.9, 1 /],
  ])('is refused as %s, with the bound (C8)', (param, more, field, reason, words) => {
    const refusal = refusalOf(more, modelOf({ prompt: TEXT, [param]: field }));
    expect(refusal).toMatchObject({ status: 400, reason, param });
    expect(refusal.message).toMatch(words);
  });

  it('is sent as the model writes it where it does', () => {
    expect(planned({ type: 'string', enum: ['0.9', '1.0'] }, { topP: 1 }, 'top_p').fields.top_p).toBe('1.0');
    expect(
      planned({ type: 'string', default: '0.7' }, { temperature: 0.5 }, 'temperature').fields.temperature,
    ).toBe('0.5');
  });
});
