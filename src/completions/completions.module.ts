import { Module } from '@nestjs/common';
import { GatewayModule } from '../gateway/gateway.module.js';
import { CompletionsController } from './completions.controller.js';

/** The door of OpenAI's completions. */
@Module({ imports: [GatewayModule], controllers: [CompletionsController] })
export class CompletionsModule {}
