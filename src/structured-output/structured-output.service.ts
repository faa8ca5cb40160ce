// Answers that have to be JSON, on models that know nothing of it: checks the caller's schema, and judges answers.
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import type { FinishReason } from '../inference/inference.js';
import type { AnswerForm, SchemaForm } from './answer-form.js';
import { JudgeFailed, JudgePool } from './judge-pool.js';
import type { Verdict } from './verdict.js';

/** Most characters of a schema as minified JSON, as OpenAI has it for a schema's texts. */
const MAX_SCHEMA_LENGTH = 120_000;

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
   */
  async judge(form: AnswerForm, text: string, ended: FinishReason): Promise<Verdict> {
    try {
      const schema = form.kind === 'json_schema' ? JSON.stringify(form.schema) : undefined;
      const result = await this.pool.run({ schema, answer: { text, ended } });
      if ('schemaProblem' in result) return { kind: 'invalid', problem: result.schemaProblem };
      return result.verdict ?? { kind: 'invalid', problem: 'the answer could not be checked' };
    } catch (error) {
      this.note(error);
      return { kind: 'invalid', problem: 'the answer could not be checked against the schema' };
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
      this.note(error);
      return 'the schema is too complex';
    }
  }

  private note(error: unknown): void {
    if (!(error instanceof JudgeFailed)) throw error;
    this.logger.warn({ message: 'a thread that judges answers failed', cause: String(error.cause) });
  }
}
