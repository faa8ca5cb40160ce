// What calls tell metrics and traces: which model, how it was asked, what was used. Never a prompt or an answer.
import { Injectable } from '@nestjs/common';
import type { Call } from '../inference/call.js';
import type { ModelSpec, Sampling } from '../inference/inference.js';
import type { AnswerForm } from '../structured-output/answer-form.js';
import { GEN_AI } from '../telemetry/gen-ai.js';
import { Telemetry } from '../telemetry/telemetry.js';
import type { Answers } from './question.js';

/** How a model is asked. */
interface Asked extends Sampling {
  readonly choices: number;
  readonly form: AnswerForm | undefined;
}

/** Tells of calls. */
@Injectable()
export class CallTelemetry {
  constructor(private readonly telemetry: Telemetry) {}

  /** A call has named its model. */
  asked({ notes }: Call, { id }: ModelSpec, { choices, form, ...sampling }: Asked): void {
    notes.model = id;
    const { tracing } = this.telemetry;
    if (!tracing.isOn) return;
    tracing.describeModel(id, {
      [GEN_AI.outputType]: form ? 'json' : 'text',
      ...(choices > 1 && { [GEN_AI.choices]: choices }),
      ...given(GEN_AI.maxTokens, sampling.maxTokens),
      ...given(GEN_AI.temperature, sampling.temperature),
      ...given(GEN_AI.topP, sampling.topP),
      ...given(GEN_AI.topK, sampling.topK),
      ...given(GEN_AI.seed, sampling.seed),
      ...given(GEN_AI.frequencyPenalty, sampling.frequencyPenalty),
      ...given(GEN_AI.presencePenalty, sampling.presencePenalty),
    });
  }

  /** A call is answered. */
  answered({ model: { id }, choices, usage, timings }: Answers): void {
    const { metrics, tracing } = this.telemetry;
    const model = metrics.modelLabel(id);
    metrics.tokens.inc({ model, type: 'input' }, usage.prompt);
    metrics.tokens.inc({ model, type: 'output' }, usage.completion);
    metrics.modelWait.observe({ model, phase: 'queue' }, timings.queueMs / 1000);
    if (!tracing.isOn) return;
    tracing.describe({
      [GEN_AI.responseModel]: id,
      [GEN_AI.responseId]: choices[0].id,
      [GEN_AI.finishReasons]: choices.map(({ finishReason }) => finishReason),
      [GEN_AI.inputTokens]: usage.prompt,
      [GEN_AI.outputTokens]: usage.completion,
    });
  }
}

function given(name: string, value: number | undefined): Record<string, number> {
  return value === undefined ? {} : { [name]: value };
}
