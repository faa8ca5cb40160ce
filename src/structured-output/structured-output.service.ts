// Answers that have to be JSON, on models that know nothing of it: checks the caller's schema, and judges answers.
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import type { FinishReason } from '../inference/inference.js';
import type { AnswerForm, SchemaForm } from './answer-form.js';
import { JudgeBusy, JudgeFailed, JudgePool } from './judge-pool.js';
import type { Verdict } from './verdict.js';

/** Most characters of a schema as minified JSON, as OpenAI has it for a schema's texts. */
const MAX_SCHEMA_LENGTH = 120_000;

/**
 * Most characters of an answer: what a model can say in some hundred thousand tokens. One that fills the memory of its
 * thread may take the process with it.
 */
const MAX_ANSWER_LENGTH = 1024 ** 2;
const TOO_LONG = `the answer is longer than ${MAX_ANSWER_LENGTH} characters`;

const BUSY =
  'The gateway has too many schemas to check just now. Nothing was accepted: try again in a moment.';

/** Schemas and verdicts. Strangers' patterns run in threads of their own, and not for long. */
@Injectable()
export class StructuredOutput implements OnApplicationShutdown {
  private readonly logger = new Logger(StructuredOutput.name);
  private readonly pool = new JudgePool();

  /**
   * Looks whether answers can be judged by this form. Any schema that can be compiled will do: OpenAI's further
   * rules for `strict` are not asked for.
   *
   * @throws {ApiError} `invalid_json_schema`, with the place in the schema and what is wrong there
   */
  async check(form: AnswerForm): Promise<void> {
    if (form.kind === 'json_object') return;
    const problem = await this.schemaProblem(form);
    if (problem === undefined) return;
    throw new ApiError('invalid_json_schema', {
      param: form.param,
      message: `Invalid schema for response_format '${form.name}': ${problem}.`,
    });
  }

  /**
   * Finds the JSON in a model's answer.
   *
   * @param ended how the answer ended: `length` when a token limit cut it
   * @throws {ApiError} `internal_error` when nobody could look at it: that is not the model's fault
   */
  async judge(form: AnswerForm, text: string, ended: FinishReason): Promise<Verdict> {
    if (text.length > MAX_ANSWER_LENGTH) return { kind: 'invalid', problem: TOO_LONG, isFinal: true };
    try {
      const schema = form.kind === 'json_schema' ? JSON.stringify(form.schema) : undefined;
      const result = await this.pool.run({ schema, answer: { text, ended } });
      if ('schemaProblem' in result) {
        return { kind: 'invalid', problem: result.schemaProblem, isFinal: true };
      }
      if (result.verdict) return result.verdict;
      throw new JudgeFailed('no verdict');
    } catch (error) {
      this.note(error);
      throw new ApiError('internal_error', { cause: error, billed: true });
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.close();
  }

  private async schemaProblem({ schema }: SchemaForm): Promise<string | undefined> {
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
      return 'the schema must be a JSON object';
    }
    const text = JSON.stringify(schema);
    if (text.length > MAX_SCHEMA_LENGTH) return `the schema is longer than ${MAX_SCHEMA_LENGTH} characters`;
    try {
      const result = await this.pool.run({ schema: text });
      return 'schemaProblem' in result ? result.schemaProblem : undefined;
    } catch (error) {
      if (error instanceof JudgeBusy)
        throw new ApiError('model_overloaded', { message: BUSY, retryAfterMs: 1000 });
      this.note(error);
      return 'the schema is too complex';
    }
  }

  private note(error: unknown): void {
    if (!(error instanceof JudgeFailed)) throw error;
    this.logger.warn({ message: 'a thread that judges answers failed', cause: String(error.cause) });
  }
}
