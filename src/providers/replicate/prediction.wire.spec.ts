import { describe, expect, it, vi } from 'vitest';
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
    [2 ** 31 - 1, 9, true],
    [2 ** 31, 9, false],
    [812, 2 ** 31, false],
    [812, Number.MAX_SAFE_INTEGER, false],
    [812.5, 9, false],
    ['812', 9, false],
  ])('has counts of tokens that can be believed: %j and %j', (prompt, completion, believed) => {
    const metrics = { input_token_count: prompt, output_token_count: completion };
    expect(readPrediction(wire({ metrics })).tokens).toEqual(believed ? { prompt, completion } : undefined);
  });

  it.each([
    ['2026-11-23T20:00:00.123456Z', '2026-11-23T20:00:00.123Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['1969-12-31T23:59:59.999Z', undefined],
    ['0001-01-01T00:00:00Z', undefined],
    ['-000044-03-15T00:00:00Z', undefined],
    ['9999-12-31T23:59:59-01:00', undefined],
    ['+010000-01-01T00:00:00Z', undefined],
    ['+275760-09-13T00:00:00Z', undefined],
    ['yesterday', undefined],
    [1_764_000_000_000, undefined],
  ])('has times that can be believed: %j', (time, believed) => {
    const { createdAt, startedAt, completedAt } = readPrediction(
      wire({ created_at: time, started_at: time, completed_at: time }),
    );
    for (const read of [createdAt, startedAt, completedAt]) expect(read?.toISOString()).toBe(believed);
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

  it('has its words made fit for the log only when they are asked for, whatever was sent with it', () => {
    const prompt = vi.fn(() => 'what is on my bank statement');
    const input = Object.defineProperty({}, 'prompt', { enumerable: true, get: prompt });
    const error = 'cannot read: what is on my bank statement';
    const { loggedError } = readPrediction(wire({ status: 'failed', input, error }));
    expect(prompt).not.toHaveBeenCalled();
    expect(loggedError()).toBe('cannot read: …');
    expect(readPrediction(wire({ input })).loggedError()).toBeUndefined();
    expect(prompt).toHaveBeenCalledTimes(1);
  });

  it('tells its id even when it broke off after it', () => {
    expect(findPredictionId('{"id":"gm3qorzdhgbfurvjtvhg6dckhu","model":"jimo')).toBe(
      'gm3qorzdhgbfurvjtvhg6dckhu',
    );
    expect(findPredictionId('{"input":{"id":"x"},"id":"y"}')).toBeUndefined();
    expect(findPredictionId('')).toBeUndefined();
  });
});
