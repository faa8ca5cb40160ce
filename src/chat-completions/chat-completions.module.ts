import { Module } from '@nestjs/common';
import { GatewayModule } from '../gateway/gateway.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { MeteringModule } from '../metering/metering.module.js';
import { ChatCompletionsController } from './chat-completions.controller.js';

/** The door of OpenAI's chat completions. */
@Module({
  imports: [GatewayModule, IdempotencyModule, MeteringModule],
  controllers: [ChatCompletionsController],
})
export class ChatCompletionsModule {}
