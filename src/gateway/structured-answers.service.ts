// Answers that have to be JSON: a model that gets it wrong is shown its error and asked again, so often and no more.
import { Injectable } from '@nestjs/common';
import { SettingsService } from '../config/config.module.js';
import { ApiError } from '../errors/api-error.js';
import type { ErrorName } from '../errors/catalogue.js';
import type { Call } from '../inference/call.js';
import { type InferencePlan, InferenceProvider } from '../inference/inference.js';
import { namesOf } from '../inference/param-names.js';
import { limitsOf } from '../inference/settle.js';
import type { TokenCounts } from '../inference/token-counts.js';
import type { AnswerForm } from '../structured-output/answer-form.js';
import { withCorrection } from '../structured-output/instructions.js';
import { StructuredOutput } from '../structured-output/structured-output.service.js';
import type { ChoiceAnswer } from './answers.js';
import { type Attempt, Choices } from './choices.service.js';

/** Answers in a form. */
@Injectable()
export class StructuredAnswers {
  private readonly retries: number;

  constructor(
    private readonly choices: Choices,
    private readonly structured: StructuredOutput,
    private readonly provider: InferenceProvider,
    settings: SettingsService,
  ) {
    this.retries = settings.get('structuredRetries', { infer: true });
  }

  /**
   * One answer whose text is JSON in this form.
   *
   * @throws {ApiError} `structured_output_failed` when no attempt gave such JSON, `structured_output_truncated` when
   *   the token limit cut it; every other failure
   */
  async answer(form: AnswerForm, first: Attempt, call: Call): Promise<ChoiceAnswer> {
    const usages: TokenCounts[] = [];
    const { timeoutMs } = first.plan;
    // A repetition finds the first attempt long ended while the last one runs.
    let attempt: Attempt = { ...first, endedWithinMs: timeoutMs * (this.retries + 1) };
    for (;;) {
      const answer = await this.choices.answer(attempt, call).catch((error: unknown) => {
        throw afterAttempts(usages.length, error);
      });
      usages.push(...answer.usages);
      const { text, finishReason } = answer.choice;
      const isCut = finishReason === 'length' || answer.stopped;
      const verdict = await this.structured.judge(form, text, isCut ? 'length' : finishReason);
      if (verdict.kind === 'valid') {
        return { ...answer, usages, choice: { ...answer.choice, text: verdict.json, finishReason: 'stop' } };
      }
      // Under the same limit, the next answer would be cut as well.
      if (verdict.kind === 'truncated' && isCut) {
        throw answer.stopped ? stopped() : truncated(first.plan);
      }
      const problem = verdict.kind === 'invalid' ? verdict.problem : 'the JSON breaks off before its end';
      const isFinal = verdict.kind === 'invalid' && verdict.isFinal;
      if (isFinal || attempt.again >= this.retries) throw failed(usages.length, problem);
      const plan = await this.correct(first.plan, text, problem, call);
      if (!plan) throw failed(usages.length, problem);
      attempt = { ...attempt, plan, again: attempt.again + 1, group: undefined };
    }
  }

  /** The question with the wrong answer and what is wrong with it; undefined where that is too long for the model. */
  private async correct(
    { request, price }: InferencePlan,
    answer: string,
    problem: string,
    { signal }: Call,
  ): Promise<InferencePlan | undefined> {
    const prompt = withCorrection(request.prompt, request.imageCount, answer, problem);
    try {
      return { ...(await this.provider.plan({ ...request, prompt }, signal)), price };
    } catch (error) {
      if (error instanceof ApiError && error.reason === 'string_above_max_length') return undefined;
      throw error;
    }
  }
}

function truncated({ request, tokenLimit }: InferencePlan): ApiError {
  const limit = limitsOf(request).maxTokens ?? tokenLimit;
  return new ApiError('structured_output_truncated', {
    param: namesOf(request).maxTokens,
    billed: true,
    ...(limit !== undefined && {
      message: `The answer reached its limit of ${limit} tokens before its JSON was complete.`,
    }),
  });
}

function stopped(): ApiError {
  return new ApiError('structured_output_truncated', {
    param: 'stop',
    billed: true,
    message: 'A stop text ended the answer before its JSON was complete.',
  });
}

function failed(attempts: number, problem: string): ApiError {
  const times = attempts === 1 ? 'one attempt' : `${attempts} attempts`;
  return new ApiError('structured_output_failed', {
    param: 'response_format',
    message: `The model did not give the JSON that was asked for, in ${times}: ${problem}`,
    headers: { 'x-cerebro-attempts': String(attempts) },
    billed: true,
  });
}

/** Limits that leave no room for a further attempt: the ones before it were made, and billed. */
const NO_ROOM: readonly ErrorName[] = ['insufficient_quota', 'concurrency_limit_exceeded'];

function afterAttempts(attempts: number, error: unknown): unknown {
  if (attempts === 0 || !(error instanceof ApiError) || !NO_ROOM.includes(error.reason)) return error;
  return new ApiError(error.reason, {
    message: `The model did not give the JSON that was asked for, and could not be asked again. ${error.message}`,
    headers: { 'x-cerebro-attempts': String(attempts), 'x-should-retry': 'false' },
    billed: true,
  });
}
