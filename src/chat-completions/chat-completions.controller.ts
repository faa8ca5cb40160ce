// `POST /v1/chat/completions`.
import { Body, Controller, HttpCode, Post, UseGuards, UseInterceptors } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AnswerOrStream } from '../contracts/answer-or-stream.decorator.js';
import { FORM_ERRORS, INFERENCE_ERRORS } from '../contracts/inference-errors.js';
import {
  answerHeaders,
  attemptsHeaders,
  droppedHeaders,
  FORM_HEADERS,
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
import { ChatCompletionChunk } from './chat-chunk.contract.js';
import { chatChunks } from './chat-chunks.js';
import { toChatCompletion, toDoorRequest } from './chat-completions.mapper.js';
import { ChatCompletionRequest } from './chat-request.contract.js';
import { ChatCompletion } from './chat-response.contract.js';
import { EXAMPLES } from './examples.js';

/** OpenAI's chat completions, with pictures. */
@ApiTags('Chat')
@Requires('inference')
@Controller('v1/chat/completions')
export class ChatCompletionsController {
  constructor(private readonly gateway: Gateway) {}

  @Post()
  @HttpCode(200)
  @UseGuards(RateLimitGuard)
  @UseInterceptors(IdempotencyInterceptor)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiOperation({
    operationId: 'createChatCompletion',
    summary: 'Talk about images',
    description:
      'Waits for the answer, also while the model boots, which takes minutes for a model that has been idle: set the timeout of your client to ten minutes, or ask for a stream. Hanging up cancels the prediction, unless the request has an `Idempotency-Key`.',
  })
  @ApiBody({ type: ChatCompletionRequest, examples: EXAMPLES })
  @AnswerOrStream({ answer: ChatCompletion, chunk: ChatCompletionChunk, headers: FORM_HEADERS })
  @ApiErrors(...INFERENCE_ERRORS, ...FORM_ERRORS)
  async create(
    @Body() body: ChatCompletionRequest,
    @TheCall() call: Call,
    @AnswerHeaders() setHeaders: SetHeaders,
    @TheEventStream() toFrames: EventStream,
  ): Promise<ChatCompletion | AsyncGenerator<string>> {
    const created = Math.floor(Date.now() / 1000);
    const question = await this.gateway.plan(toDoorRequest(body), call);
    if (body.stream) {
      setHeaders(droppedHeaders(question));
      const model = question.plan.request.model.id;
      const includeUsage = body.stream_options?.include_usage ?? false;
      const events = this.gateway.stream(question, call, (attempts) => setHeaders(attemptsHeaders(attempts)));
      return toFrames(chatChunks(events, { model, created, includeUsage }));
    }
    const answers = await this.gateway.answer(question, call);
    setHeaders(answerHeaders(answers, question));
    return toChatCompletion(answers, created);
  }
}
