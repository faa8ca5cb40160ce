import { describe, expect, it } from 'vitest';
import { findPredictionId, readPrediction } from './prediction.wire.js';
import { HTTP_STATUS } from './transport.js';
import { UpstreamFault } from './upstream-fault.js';

const wire = (more: object) => ({
  id: 'gm3qorzdhgbfurvjtvhg6dckhu',
  status: 'processing',
  output: null,
  ...more,
});

describe('a prediction on the wire', () => {
  it.each([
    ['201 with output, though still processing', { [HTTP_STATUS]: 201, output: 'text' }, true],
    ['201 with an empty text for output', { [HTTP_STATUS]: 201, output: '' }, true],
    ['201 without output', { [HTTP_STATUS]: 201 }, false],
    ['202 with partial output', { [HTTP_STATUS]: 202, output: ['A', ' red'] }, false],
    ['200 of a running one with partial output', { [HTTP_STATUS]: 200, output: ['A'] }, false],
    ['succeeded', { [HTTP_STATUS]: 200, status: 'succeeded', output: 'x' }, true],
    ['aborted', { [HTTP_STATUS]: 200, status: 'aborted' }, true],
    ['202 and canceled', { [HTTP_STATUS]: 202, status: 'canceled' }, true],
  ])('is finished or not: %s', (_, more, finished) => {
    expect(readPrediction(wire(more)).finished).toBe(finished);
  });

  it('has token counts where its metrics do', () => {
    expect(
      readPrediction(wire({ metrics: { input_token_count: 812, output_token_count: 9 } })).tokens,
    ).toEqual({
      prompt: 812,
      completion: 9,
    });
    expect(readPrediction(wire({ metrics: { predict_time: 3.6 } })).tokens).toBeUndefined();
    expect(
      readPrediction(wire({ metrics: { input_token_count: -1, output_token_count: 1e99 } })).tokens,
    ).toBeUndefined();
  });

  it.each([
    null,
    5,
    'text',
    [],
    {},
    wire({ id: 5 }),
    wire({ id: '../x' }),
    wire({ status: 'done' }),
    wire({ status: null }),
  ])('is refused when it is %j (A11)', (value) => {
    expect(() => readPrediction(value)).toThrow(UpstreamFault);
  });

  it('tells its id even when it broke off after it', () => {
    expect(findPredictionId('{"id":"gm3qorzdhgbfurvjtvhg6dckhu","model":"jimo')).toBe(
      'gm3qorzdhgbfurvjtvhg6dckhu',
    );
    expect(findPredictionId('{"input":{"id":"x"},"id":"y"}')).toBeUndefined();
    expect(findPredictionId('')).toBeUndefined();
  });
});
