import { Module } from '@nestjs/common';
import { IdempotencyCleanup } from './idempotency-cleanup.service.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { IdempotentCallsRepository } from './idempotent-calls.repository.js';
import { OutcomeWriter } from './outcome-writer.service.js';

/** What modules import whose controllers use the {@link IdempotencyInterceptor}. */
@Module({
  providers: [IdempotentCallsRepository, OutcomeWriter, IdempotencyCleanup, IdempotencyInterceptor],
  exports: [IdempotentCallsRepository, OutcomeWriter, IdempotencyInterceptor],
})
export class IdempotencyModule {}
