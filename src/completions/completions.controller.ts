// `POST /v1/completions`.
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Requires } from '../contracts/requires.decorator.js';
import { Gateway } from '../gateway/gateway.service.js';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { CallerSignal } from '../http/caller-signal.decorator.js';
import { CompletionRequest, CompletionResponse } from './completions.contract.js';
import { toCompletionResponse, toDoorRequest } from './completions.mapper.js';

/** OpenAI's completions, with images. */
@ApiTags('Completions')
@Requires('inference')
@Controller('v1/completions')
export class CompletionsController {
  constructor(private readonly gateway: Gateway) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    operationId: 'createCompletion',
    summary: 'Ask a question about images',
    description:
      'Waits for the answer, also while the model boots, which takes minutes for a model that has been idle: set the timeout of your client to ten minutes. Hanging up cancels the prediction.',
  })
  @ApiOkResponse({ type: CompletionResponse })
  @ApiErrors(
    'invalid_json',
    'missing_required_parameter',
    'unknown_parameter',
    'invalid_type',
    'integer_below_min_value',
    'decimal_above_max_value',
    'invalid_image_url',
    'upstream_rejected_input',
    'missing_api_key',
    'invalid_api_key',
    'insufficient_permissions',
    'model_not_found',
    'request_too_large',
    'unsupported_content_type',
    'upstream_rate_limited',
    'upstream_auth',
    'upstream_error',
    'upstream_unknown',
    'upstream_invalid_response',
    'prediction_failed',
    'prediction_canceled',
    'upstream_billing',
    'upstream_unavailable',
    'prediction_interrupted',
    'shutting_down',
    'upstream_timeout',
    'prediction_timeout',
  )
  async create(
    @Body() body: CompletionRequest,
    @CallerSignal() signal: AbortSignal,
  ): Promise<CompletionResponse> {
    const created = Math.floor(Date.now() / 1000);
    return toCompletionResponse(await this.gateway.answer(toDoorRequest(body), signal), created);
  }
}
