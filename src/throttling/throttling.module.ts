import { Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import { FailedAttempts } from './failed-attempts.service.js';
import { WINDOW_MS } from './hits.js';
import { IdleWindows } from './idle-windows.service.js';
import { PostgresThrottlerStorage } from './postgres-throttler.storage.js';
import { RateWindowsRepository } from './rate-windows.repository.js';

/** The counting alone, which the library's module is given. */
@Module({
  providers: [RateWindowsRepository, PostgresThrottlerStorage, IdleWindows],
  exports: [PostgresThrottlerStorage],
})
class RateWindowsModule {}

/** What limits count by: requests, and tokens. How much is each caller's own, so the library is told of no limit. */
export const throttlers = ['requests', 'tokens'].map((name) => ({
  name,
  ttl: WINDOW_MS,
  limit: Number.MAX_SAFE_INTEGER,
}));

/** Counting in sliding windows, behind @nestjs/throttler. */
@Module({
  imports: [
    RateWindowsModule,
    ThrottlerModule.forRootAsync({
      imports: [RateWindowsModule],
      inject: [PostgresThrottlerStorage],
      useFactory: (storage: PostgresThrottlerStorage) => ({ throttlers, storage }),
    }),
  ],
  providers: [FailedAttempts],
  exports: [RateWindowsModule, FailedAttempts],
})
export class ThrottlingModule {}
