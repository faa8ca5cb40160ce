// `POST /v1/completions`.
import { Body, Controller, HttpCode, Post, UseInterceptors } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Requires } from '../contracts/requires.decorator.js';
import { timingHeaders } from '../contracts/timing-headers.js';
import { Gateway } from '../gateway/gateway.service.js';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { AnswerHeaders, type SetHeaders } from '../http/answer-headers.decorator.js';
import { TheCall } from '../http/call.decorator.js';
import { IdempotencyInterceptor } from '../idempotency/idempotency.interceptor.js';
import type { Call } from '../inference/call.js';
import { CompletionRequest, CompletionResponse } from './completions.contract.js';
import { toCompletionResponse, toDoorRequest } from './completions.mapper.js';

const EXAMPLES = {
  picture: {
    summary: 'Describe a picture',
    value: {
      prompt: 'Describe the image.',
      image_urls: 'https://example.com/image.jpg',
      max_tokens: 1000,
      temperature: 0.7,
      do_sample: true,
    },
  },
};

const milliseconds = (description: string) => ({ description, schema: { type: 'integer' as const } });

const HEADERS = {
  'x-cerebro-queue-ms': milliseconds('Until Replicate was asked: checks, images, and waiting for our turn.'),
  'x-cerebro-boot-ms': milliseconds("Replicate's queue and the model's cold boot, where Replicate tells."),
  'x-cerebro-run-ms': milliseconds('Running, where Replicate tells.'),
  'server-timing': {
    description: 'The same three, as browsers read them.',
    schema: { type: 'string' as const },
  },
  'idempotent-replayed': {
    description: '`true` on an answer that was given before, under its `Idempotency-Key`.',
    schema: { type: 'string' as const, enum: ['true'] },
  },
};

/** OpenAI's completions, with images. */
@ApiTags('Completions')
@Requires('inference')
@Controller('v1/completions')
export class CompletionsController {
  constructor(private readonly gateway: Gateway) {}

  @Post()
  @HttpCode(200)
  @UseInterceptors(IdempotencyInterceptor)
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    schema: { type: 'string', minLength: 1, maxLength: 255 },
    description:
      'Makes it safe to send the request again: for 24 hours the same key and body get the same answer, and one bill. An answer that was not waited for can be had for 50 minutes.',
  })
  @ApiOperation({
    operationId: 'createCompletion',
    summary: 'Ask a question about images',
    description:
      'Waits for the answer, also while the model boots, which takes minutes for a model that has been idle: set the timeout of your client to ten minutes. Hanging up cancels the prediction, unless the request has an `Idempotency-Key`. `x-cerebro-queue-ms`, `-boot-ms` and `-run-ms` tell where the time went.',
  })
  @ApiBody({ type: CompletionRequest, examples: EXAMPLES })
  @ApiOkResponse({ type: CompletionResponse, headers: HEADERS })
  @ApiErrors(
    'invalid_json',
    'missing_required_parameter',
    'unknown_parameter',
    'invalid_type',
    'invalid_value',
    'unsupported_value',
    'empty_string',
    'string_above_max_length',
    'array_above_max_length',
    'integer_below_min_value',
    'decimal_above_max_value',
    'decimal_below_min_value',
    'integer_above_max_value',
    'unsupported_parameter',
    'invalid_image_url',
    'invalid_image',
    'image_too_large',
    'public_url_required',
    'upstream_rejected_input',
    'missing_api_key',
    'invalid_api_key',
    'insufficient_permissions',
    'model_not_found',
    'request_too_large',
    'unsupported_content_type',
    'idempotency_in_progress',
    'idempotency_mismatch',
    'upstream_rate_limited',
    'upstream_auth',
    'upstream_error',
    'upstream_unknown',
    'upstream_invalid_response',
    'prediction_failed',
    'prediction_canceled',
    'upstream_billing',
    'upstream_unavailable',
    'model_overloaded',
    'prediction_interrupted',
    'shutting_down',
    'upstream_timeout',
    'prediction_timeout',
  )
  async create(
    @Body() body: CompletionRequest,
    @TheCall() call: Call,
    @AnswerHeaders() setHeaders: SetHeaders,
  ): Promise<CompletionResponse> {
    const created = Math.floor(Date.now() / 1000);
    const result = await this.gateway.answer(toDoorRequest(body), call);
    setHeaders(timingHeaders(result.timings));
    return toCompletionResponse(result, created);
  }
}
