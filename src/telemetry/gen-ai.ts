// Names of OpenTelemetry's conventions for generative models, which are not stable yet and so not exported as such.
// Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ and /registry/attributes/gen-ai/

/** Attributes of spans. */
export const GEN_AI = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  responseId: 'gen_ai.response.id',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  choices: 'gen_ai.request.choice.count',
  maxTokens: 'gen_ai.request.max_tokens',
  temperature: 'gen_ai.request.temperature',
  topP: 'gen_ai.request.top_p',
  topK: 'gen_ai.request.top_k',
  seed: 'gen_ai.request.seed',
  frequencyPenalty: 'gen_ai.request.frequency_penalty',
  presencePenalty: 'gen_ai.request.presence_penalty',
  outputType: 'gen_ai.output.type',
} as const;

/** What the provider is called there: it has no well-known value, so it is its own name. */
export const PROVIDER = 'replicate';

/** The operation of a route; undefined for one that asks no model. */
export function operationOf(route: string | undefined): string | undefined {
  switch (route) {
    case '/v1/chat/completions':
      return 'chat';
    case '/v1/completions':
      return 'text_completion';
    default:
      return undefined;
  }
}
