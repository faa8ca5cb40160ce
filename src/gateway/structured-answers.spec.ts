import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiError } from '../errors/api-error.js';
import type { Call } from '../inference/call.js';
import type { InferencePlan, InferenceRequest } from '../inference/inference.js';
import type { AnswerForm } from '../structured-output/answer-form.js';
import { StructuredOutput } from '../structured-output/structured-output.service.js';
import type { ChoiceAnswer } from './answers.js';
import type { Attempt } from './choices.service.js';
import { StructuredAnswers } from './structured-answers.service.js';

const structured = new StructuredOutput();
beforeAll(() => {
  Logger.overrideLogger(false);
});
afterAll(() => structured.onApplicationShutdown());

const anyObject: AnswerForm = { kind: 'json_object' };
const request: InferenceRequest = { model: { id: 'm', upstream: 'o/m' }, prompt: 'What?', imageCount: 0 };
const first = { plan: { request, timeoutMs: 60_000 }, choice: 2, again: 0 } as unknown as Attempt;
const call = { signal: new AbortController().signal } as Call;

type Said = Pick<ChoiceAnswer['choice'], 'text'> & { finishReason?: 'stop' | 'length'; stopped?: boolean };

/** A model that says these texts in turn, and what it was asked. */
function saying(said: readonly Said[], { retries = 3, judge = structured, tooLong = false } = {}) {
  const attempts: Attempt[] = [];
  const choices = {
    answer(attempt: Attempt): Promise<ChoiceAnswer> {
      const {
        text,
        finishReason = 'stop',
        stopped = false,
      } = said[attempts.push(attempt) - 1] ?? { text: '' };
      return Promise.resolve({
        choice: { id: `p${attempts.length}`, text, finishReason },
        stopped,
        timings: { queueMs: 0 },
        usages: [{ prompt: 1, completion: attempts.length }],
      });
    },
  };
  const provider = {
    plan: (changed: InferenceRequest): Promise<InferencePlan> =>
      tooLong
        ? Promise.reject(new ApiError('string_above_max_length'))
        : Promise.resolve({ ...first.plan, request: changed }),
  };
  const settings = { get: () => retries };
  const answers = new StructuredAnswers(choices as never, judge, provider as never, settings as never);
  const answer = async (form: AnswerForm = anyObject) =>
    answers.answer(form, first, call).catch((thrown: unknown) => thrown as ApiError);
  return { attempts, answer };
}

describe('an answer in a form', () => {
  it('has the tokens of all its attempts, and the id of the last', async () => {
    const { attempts, answer } = saying([{ text: 'No.' }, { text: 'Sure: {"a": 1}' }]);
    expect(await answer()).toMatchObject({
      choice: { id: 'p2', text: '{"a":1}', finishReason: 'stop' },
      usages: [{ completion: 1 }, { completion: 2 }],
    });
    expect(attempts.map(({ choice, again }) => [choice, again])).toEqual([
      [2, 0],
      [2, 1],
    ]);
  });

  it.each([0, 1, 3])('is asked for %i times more at most', async (retries) => {
    const { attempts, answer } = saying([], { retries });
    expect(await answer()).toMatchObject({ reason: 'structured_output_failed', billed: true });
    expect(attempts).toHaveLength(retries + 1);
  });

  it('can be joined at each attempt as long as all of them may take', async () => {
    const { attempts, answer } = saying([], { retries: 2 });
    await answer();
    expect(attempts.map(({ endedWithinMs }) => endedWithinMs)).toEqual([180_000, 180_000, 180_000]);
  });

  it('is not asked for again where nobody could judge it: that is not the fault of the model', async () => {
    const threadless = new StructuredOutput();
    await threadless.onApplicationShutdown();
    const { attempts, answer } = saying([{ text: '{"a":1}' }], { judge: threadless });
    expect(await answer()).toMatchObject({ reason: 'internal_error', billed: true });
    expect(attempts).toHaveLength(1);
  });

  it('is not asked for again where the time to judge it was up', async () => {
    const schema = { properties: { a: { pattern: '^(a+)+$' } } };
    const form: AnswerForm = { kind: 'json_schema', name: 'x', schema, param: 'x' };
    const { attempts, answer } = saying([{ text: `{"a":"${'a'.repeat(50)}!"}` }]);
    expect(await answer(form)).toMatchObject({
      reason: 'structured_output_failed',
      billed: true,
      message: expect.stringContaining('in one attempt: the answer could not be checked') as string,
    });
    expect(attempts).toHaveLength(1);
  });

  it('is not asked for again where the model could not be shown what was wrong', async () => {
    const { attempts, answer } = saying([{ text: 'No.' }], { tooLong: true });
    expect(await answer()).toMatchObject({ reason: 'structured_output_failed', billed: true });
    expect(attempts).toHaveLength(1);
  });

  it.each([
    ['a stop text', { stopped: true }, 'stop'],
    ['the token limit', { finishReason: 'length' }, 'max_tokens'],
  ] as const)('that %s has cut is not asked for again', async (_, how, param) => {
    const { attempts, answer } = saying([{ text: '{"a": "x ', ...how }]);
    expect(await answer()).toMatchObject({ reason: 'structured_output_truncated', param, billed: true });
    expect(attempts).toHaveLength(1);
  });

  it('that breaks off by itself is asked for again', async () => {
    const { attempts, answer } = saying([{ text: '{"a": "x ' }, { text: '{"a":1}' }]);
    expect(await answer()).toMatchObject({ choice: { text: '{"a":1}' } });
    expect(attempts).toHaveLength(2);
  });
});
