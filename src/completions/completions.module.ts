import { Module } from '@nestjs/common';
import { GatewayModule } from '../gateway/gateway.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { MeteringModule } from '../metering/metering.module.js';
import { CompletionsController } from './completions.controller.js';

/** The door of OpenAI's completions. */
@Module({ imports: [GatewayModule, IdempotencyModule, MeteringModule], controllers: [CompletionsController] })
export class CompletionsModule {}
