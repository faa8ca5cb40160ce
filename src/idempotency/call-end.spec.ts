import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../errors/api-error.js';
import { catalogue, type ErrorName } from '../errors/catalogue.js';
import { endOfAnswer, endOfError } from './call-end.js';

describe('the end of a call under an Idempotency-Key', () => {
  it('keeps an answer to the letter', () => {
    const body = { z: 1, a: 'NUL \0 and half \ud83d', list: [null] };
    const end = endOfAnswer(200, body);
    expect(end).toEqual({ status: 200, text: JSON.stringify(body) });
  });

  it.each([
    ['a generator', Readable.from([]).iterator()],
    ['a web response', new Response('x')],
    ['a web stream', new ReadableStream()],
    ['a file', new StreamableFile(Buffer.from('x'))],
    ['nothing', undefined],
  ])('keeps no answer that is %s', (_, body) => {
    expect(endOfAnswer(200, body)).toBe('hand over');
  });

  it('keeps errors after which something may have been billed, and no others', () => {
    const kept = Object.keys(catalogue).filter(
      (reason) => typeof endOfError(new ApiError(reason as ErrorName)) === 'object',
    );
    expect(kept.sort()).toEqual([
      'internal_error',
      'prediction_canceled',
      'prediction_failed',
      'prediction_timeout',
      'structured_output_failed',
      'upstream_invalid_response',
    ]);
    expect(endOfError(new ApiError('prediction_failed', { param: 'prompt' }))).toEqual({
      status: 502,
      text: '{"error":{"message":"The model failed on this request.","type":"server_error","param":"prompt","code":"prediction_failed"}}',
    });
  });

  it.each(['client_closed_request', 'shutting_down', 'database_unavailable', 'upstream_unknown'] as const)(
    'leaves to the next what may still run after %s',
    (reason) => {
      expect(endOfError(new ApiError(reason))).toBe('hand over');
    },
  );

  it.each(['invalid_value', 'upstream_rate_limited', 'upstream_unavailable', 'model_overloaded'] as const)(
    'frees the key after %s',
    (reason) => {
      expect(endOfError(new ApiError(reason))).toBe('free');
    },
  );
});
