// The headers of routes that ask a model: what they take, what they answer, and the words for the document.
import type { ApiHeaderOptions } from '@nestjs/swagger';
import type { Timings } from '../inference/inference.js';
import { timingHeaders } from './timing-headers.js';

/** The request's header that makes it safe to send the request again. */
export const IDEMPOTENCY_KEY: ApiHeaderOptions = {
  name: 'Idempotency-Key',
  required: false,
  schema: { type: 'string', minLength: 1, maxLength: 255 },
  description:
    'Makes it safe to send the request again: for 24 hours the same key and body get the same answer, and one bill. An answer that was not waited for can be had for 50 minutes. A stream is not kept: who asks for it again goes on with its prediction.',
};

const milliseconds = (description: string) => ({ description, schema: { type: 'integer' as const } });
const text = (description: string) => ({ description, schema: { type: 'string' as const } });

const TIMING_HEADERS = {
  'x-cerebro-queue-ms': milliseconds('Until Replicate was asked: checks, images, and waiting for our turn.'),
  'x-cerebro-boot-ms': milliseconds("Replicate's queue and the model's cold boot, where Replicate tells."),
  'x-cerebro-run-ms': milliseconds('Running, where Replicate tells.'),
  'server-timing': text('The same three, as browsers read them.'),
};

/** OpenAI's headers of a limit, for the document. */
function limitHeaders(unit: 'requests' | 'tokens') {
  const count = (description: string) => ({ description, schema: { type: 'integer' as const, minimum: 0 } });
  return {
    [`x-ratelimit-limit-${unit}`]: count(
      `The most ${unit} in any 60 seconds: of the key's limit and its tenant's the one with less left. Absent where there is none, as are the next two.`,
    ),
    [`x-ratelimit-remaining-${unit}`]: count(`How many ${unit} are left now.`),
    [`x-ratelimit-reset-${unit}`]: text(
      `Until none of these ${unit} count any more, such as \`120ms\` or \`1m0s\`.`,
    ),
  };
}

/** The headers of a limit on requests, for the document. */
export const REQUEST_LIMIT_HEADERS = limitHeaders('requests');

/** Headers of an answer, for the document. A stream has no times. */
export const ANSWER_HEADERS = {
  ...TIMING_HEADERS,
  ...REQUEST_LIMIT_HEADERS,
  ...limitHeaders('tokens'),
  'x-cerebro-dropped-params': text(
    'Parameters that were left out because they cannot be honoured, separated by commas.',
  ),
  'idempotent-replayed': {
    description: '`true` on an answer that was given before, under its `Idempotency-Key`.',
    schema: { type: 'string' as const, enum: ['true'] },
  },
};

/** The same for an answer that can have a form. */
export const FORM_HEADERS = {
  ...ANSWER_HEADERS,
  'x-cerebro-attempts': {
    description:
      'How many predictions the JSON took, where `response_format` asked for any; with `n`, the most that one answer took. On a stream only where that was known before its first byte.',
    schema: { type: 'integer' as const, minimum: 1 },
  },
};

/** What the headers need to know of a question. */
interface Asked {
  readonly dropped: readonly string[];
  readonly form: unknown;
}

/** The headers of an answer. */
export function answerHeaders(
  { timings, attempts }: { readonly timings: Timings; readonly attempts: number },
  asked: Asked,
): Record<string, string> {
  return {
    ...timingHeaders(timings),
    ...(asked.form !== undefined && attemptsHeaders(attempts)),
    ...droppedHeaders(asked),
  };
}

/** The header that tells how many predictions an answer in a form took. */
export function attemptsHeaders(attempts: number): Record<string, string> {
  return { 'x-cerebro-attempts': String(attempts) };
}

/** The header that lists what was left out of a question; none where nothing was. */
export function droppedHeaders({ dropped }: Pick<Asked, 'dropped'>): Record<string, string> {
  return dropped.length === 0 ? {} : { 'x-cerebro-dropped-params': dropped.join(', ') };
}
