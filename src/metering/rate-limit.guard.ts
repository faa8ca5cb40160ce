// Holds callers to what they may send in a minute. Which limits a call counts against, and what a caller is told, is
// in files beside this one; the counting is the database's, and where that is away nobody passes.
import { type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  InjectThrottlerOptions,
  ThrottlerGuard,
  type ThrottlerLimitDetail,
  type ThrottlerModuleOptions,
  type ThrottlerRequest,
} from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
// Add `principal` and `onUsage` to Fastify's requests.
import type {} from '../auth/auth.guard.js';
import type {} from '../http/call.decorator.js';
import type { TokenCounts } from '../inference/token-counts.js';
import { WINDOW_MS } from '../throttling/hits.js';
import { PostgresThrottlerStorage } from '../throttling/postgres-throttler.storage.js';
import { rateError, rateHeaders } from './rate-answer.js';
import { countersOf, isLimited, type RateCount, type RateCounter } from './rate-counters.js';
import { estimateTokens } from './token-estimate.js';

/** A refusal, with what the library does not know of it. */
interface Refusal extends ThrottlerLimitDetail {
  readonly refused: RateCount;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * For handlers of tenants' requests, in modules that import the MeteringModule. Counts a request against all limits of
 * its key and its tenant at once, in one statement: all or none. `@SkipThrottle({ tokens: true })` leaves out tokens.
 */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  private readonly log = new Logger(RateLimitGuard.name);
  /** What the library's walk over its throttlers finds for a request. */
  private readonly found = new WeakMap<FastifyRequest, RateCounter[]>();

  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    private readonly storage: PostgresThrottlerStorage,
    reflector: Reflector,
  ) {
    super(options, storage, reflector);
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    // Most have no limit, and shall not wait for the library's walk.
    if (request.principal?.kind !== 'key' || !isLimited(request.principal)) return true;
    const counters: RateCounter[] = [];
    this.found.set(request, counters);
    await super.canActivate(context);
    if (counters.length === 0) return true;
    const { counts, refused } = await this.storage.take(counters.map(({ hit }) => hit));
    const standing = counters.flatMap((counter, index): RateCount[] => {
      const count = counts[index];
      return count ? [{ ...counter, count }] : [];
    });
    const headers = rateHeaders(standing);
    const worst = refused && standing.find(({ count }) => count === refused);
    if (worst) await this.throwThrottlingException(context, toRefusal(worst, headers));
    void http.getResponse<FastifyReply>().headers(headers);
    const tokens = standing.filter(({ unit }) => unit === 'tokens');
    if (tokens.length > 0) request.onUsage = (usage) => this.correct(tokens, usage);
    return true;
  }

  /** Only collects: the library would count each throttler by itself. */
  protected override handleRequest({ context, throttler }: ThrottlerRequest): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { principal, body } = request;
    if (principal?.kind === 'key') {
      const counters =
        throttler.name === 'tokens'
          ? countersOf(principal, 'tokens', () => estimateTokens(body))
          : countersOf(principal, 'requests', () => 1);
      this.found.get(request)?.push(...counters);
    }
    return Promise.resolve(true);
  }

  protected override throwThrottlingException(
    _context: ExecutionContext,
    { refused, headers }: Refusal,
  ): Promise<void> {
    throw rateError(refused, headers);
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

function toRefusal(refused: RateCount, headers: Readonly<Record<string, string>>): Refusal {
  const { key, limit, used, resetMs, fitsInMs } = refused.count;
  return {
    refused,
    headers,
    key,
    limit,
    tracker: refused.scope,
    ttl: WINDOW_MS,
    totalHits: used,
    timeToExpire: resetMs / 1000,
    isBlocked: true,
    timeToBlockExpire: (fitsInMs ?? Infinity) / 1000,
  };
}
