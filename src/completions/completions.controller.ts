// `POST /v1/completions`.
import { Body, Controller, HttpCode, Post, UseGuards, UseInterceptors } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AnswerOrStream } from '../contracts/answer-or-stream.decorator.js';
import { INFERENCE_ERRORS } from '../contracts/inference-errors.js';
import {
  ANSWER_HEADERS,
  answerHeaders,
  droppedHeaders,
  IDEMPOTENCY_KEY,
} from '../contracts/inference-headers.js';
import { Requires } from '../contracts/requires.decorator.js';
import { Gateway } from '../gateway/gateway.service.js';
import { AnswerHeaders, type SetHeaders } from '../http/answer-headers.decorator.js';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { TheCall } from '../http/call.decorator.js';
import { type EventStream, TheEventStream } from '../http/event-stream.decorator.js';
import { IdempotencyInterceptor } from '../idempotency/idempotency.interceptor.js';
import type { Call } from '../inference/call.js';
import { RateLimitGuard } from '../metering/rate-limit.guard.js';
import { CompletionChunk } from './completion-chunk.contract.js';
import { completionChunks } from './completion-chunks.js';
import { CompletionRequest, CompletionResponse } from './completions.contract.js';
import { echoOf, toCompletionResponse, toDoorRequest } from './completions.mapper.js';
import { EXAMPLES } from './examples.js';

/** OpenAI's completions, with images. */
@ApiTags('Completions')
@Requires('inference')
@Controller('v1/completions')
export class CompletionsController {
  constructor(private readonly gateway: Gateway) {}

  @Post()
  @HttpCode(200)
  @UseGuards(RateLimitGuard)
  @UseInterceptors(IdempotencyInterceptor)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiOperation({
    operationId: 'createCompletion',
    summary: 'Ask a question about images',
    description:
      'Waits for the answer, also while the model boots, which takes minutes for a model that has been idle: set the timeout of your client to ten minutes, or ask for a stream. Hanging up cancels the prediction, unless the request has an `Idempotency-Key`. `x-cerebro-queue-ms`, `-boot-ms` and `-run-ms` tell where the time went.',
  })
  @ApiBody({ type: CompletionRequest, examples: EXAMPLES })
  @AnswerOrStream({ answer: CompletionResponse, chunk: CompletionChunk, headers: ANSWER_HEADERS })
  @ApiErrors(...INFERENCE_ERRORS)
  async create(
    @Body() body: CompletionRequest,
    @TheCall() call: Call,
    @AnswerHeaders() setHeaders: SetHeaders,
    @TheEventStream() toFrames: EventStream,
  ): Promise<CompletionResponse | AsyncGenerator<string>> {
    const created = Math.floor(Date.now() / 1000);
    const echo = echoOf(body);
    const question = await this.gateway.plan(toDoorRequest(body), call);
    if (body.stream) {
      setHeaders(droppedHeaders(question));
      const model = question.plan.request.model.id;
      const includeUsage = body.stream_options?.include_usage ?? false;
      const events = this.gateway.stream(question, call);
      return toFrames(completionChunks(events, { model, created, includeUsage, echo }));
    }
    const answers = await this.gateway.answer(question, call);
    setHeaders(answerHeaders(answers, question));
    return toCompletionResponse(answers, created, echo);
  }
}
