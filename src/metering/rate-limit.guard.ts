// Holds callers to what they may send in a minute. Which limits a call counts against, and what a caller is told, is
// in files beside this one; the counting is the database's, and where that is away nobody passes.
import { type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { InjectThrottlerOptions, ThrottlerGuard, type ThrottlerModuleOptions } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
// Add `principal` and `onUsage` to Fastify's requests.
import type {} from '../auth/auth.guard.js';
import type {} from '../http/call.decorator.js';
import type { TokenCounts } from '../inference/token-counts.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { PostgresThrottlerStorage } from '../throttling/postgres-throttler.storage.js';
import { rateError, rateHeaders } from './rate-answer.js';
import { countersOf, type RateCount, type RateCounter, type RateUnit } from './rate-counters.js';
import { estimateTokens } from './token-estimate.js';

/** Where `@SkipThrottle` notes what a route leaves out; the library has this name for itself alone. */
const SKIPPED = 'THROTTLER:SKIP';

/**
 * For handlers of tenants' requests, in modules that import the MeteringModule. Counts a request against all limits of
 * its key and its tenant at once, in one statement: all or none. `@SkipThrottle({ tokens: true })` leaves out tokens.
 * The library's own guard would count each limit by itself.
 */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  private readonly log = new Logger(RateLimitGuard.name);

  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    private readonly storage: PostgresThrottlerStorage,
    reflector: Reflector,
    private readonly telemetry: Telemetry,
  ) {
    super(options, storage, reflector);
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const counters = this.countersOf(context, request);
    if (counters.length === 0) return true;
    const { counts, refused } = await this.storage.take(counters.map(({ hit }) => hit));
    const standing = counters.flatMap((counter, index): RateCount[] => {
      const count = counts[index];
      return count ? [{ ...counter, count }] : [];
    });
    const headers = rateHeaders(standing);
    const worst = refused && standing.find(({ count }) => count === refused);
    if (worst) {
      const error = rateError(worst, headers);
      this.telemetry.metrics.admissions.inc({ decision: error.reason });
      throw error;
    }
    void http.getResponse<FastifyReply>().headers(headers);
    const tokens = standing.filter(({ unit }) => unit === 'tokens');
    if (tokens.length > 0) request.onUsage = (usage) => this.correct(tokens, usage);
    return true;
  }

  private countersOf(context: ExecutionContext, { principal, body }: FastifyRequest): RateCounter[] {
    if (principal?.kind !== 'key') return [];
    const places = [context.getHandler(), context.getClass()];
    const counted = (unit: RateUnit): boolean =>
      this.reflector.getAllAndOverride<boolean | undefined>(SKIPPED + unit, places) !== true;
    return [
      ...(counted('requests') ? countersOf(principal, 'requests', () => 1) : []),
      ...(counted('tokens') ? countersOf(principal, 'tokens', () => estimateTokens(body)) : []),
    ];
  }

  /** Puts what was used in the place of the estimate. Where that fails, the estimate stands for its minute. */
  private correct(counted: readonly RateCount[], { prompt, completion }: TokenCounts): void {
    const corrections = counted
      .map(({ count: { key, cost, second } }) => ({ key, cost: prompt + completion - cost, second }))
      .filter(({ cost }) => cost !== 0);
    this.storage.correct(corrections).catch((error: unknown) => {
      this.log.debug(`used tokens were not counted: ${(error as Error).message}`);
    });
  }
}
