// Answers a request under an `Idempotency-Key` once: who sends it again gets the same answer, or goes on with
// what runs. A request without the header passes untouched.
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import type {} from '../auth/auth.guard.js';
import { isDatabaseUnavailable } from '../database/unavailable.js';
import { ApiError } from '../errors/api-error.js';
import type {} from '../http/call.decorator.js';
import { toApiError } from '../http/error-answer.js';
import { failureOf } from '../http/event-stream.js';
import { fingerprint } from '../http/fingerprint.js';
import { type CallEnd, endOfAnswer, endOfError, type StoredAnswer } from './call-end.js';
import { idempotencyKey, isRepetition } from './idempotency-key.js';
import { type IdempotentCall, IdempotentCallsRepository } from './idempotent-calls.repository.js';
import { OutcomeWriter } from './outcome-writer.service.js';
import { isStreamed, watched } from './watched-stream.js';

/** Said with an answer that was given before. */
const REPLAYED = 'idempotent-replayed';

/** A call that runs. */
interface Running {
  readonly call: IdempotentCall;
  /** Undefined for a call that runs along with its owner. */
  readonly lease: string | undefined;
}

/** For handlers of tenants' JSON requests, in modules that import the IdempotencyModule. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly calls: IdempotentCallsRepository,
    private readonly writer: OutcomeWriter,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const key = idempotencyKey(request.headers);
    const { principal, bodyDigest } = request;
    // Without a body there is nothing that could be asked twice: the handler has its own words for that.
    if (key === undefined || principal?.kind !== 'key' || !bodyDigest) return next.handle();
    const { tenantId, keyId } = principal;
    // API keys of one tenant may not be allowed the same, so that none is told another's answers.
    const call = { tenantId, key: `${keyId} ${key}`, fingerprint: fingerprint(request) };
    return from(this.answer(call, request, http.getResponse<FastifyReply>(), next));
  }

  private async answer(
    call: IdempotentCall,
    request: FastifyRequest,
    reply: FastifyReply,
    next: CallHandler<unknown>,
  ): Promise<unknown> {
    const beginning = await this.calls.begin(call);
    switch (beginning.kind) {
      case 'answered':
        return replay(reply, beginning.answer);
      case 'mismatch':
        throw new ApiError('idempotency_mismatch', { param: 'Idempotency-Key' });
      case 'running':
        if (!isRepetition(request.headers)) {
          throw new ApiError('idempotency_in_progress', { retryAfterMs: 1000 });
        }
        request.repetition = { durable: true, mayJoin: true, onlyJoins: true };
        return this.run({ call, lease: undefined }, reply, next);
      case 'new':
      case 'taken over':
        request.repetition = {
          durable: true,
          mayJoin: beginning.kind === 'taken over',
          onlyJoins: false,
        };
        return this.run({ call, lease: beginning.lease }, reply, next);
    }
  }

  private async run(running: Running, reply: FastifyReply, next: CallHandler<unknown>): Promise<unknown> {
    const body = await lastValueFrom(next.handle()).catch(async (thrown: unknown) => {
      await this.end(running, endOfError(toApiError(thrown, databaseError)));
      throw thrown;
    });
    if (isStreamed(body)) {
      return watched(body, (failure) => {
        const error = failure ? toApiError(failure.thrown, databaseError) : failureOf(body);
        return this.end(running, error ? endOfError(error) : 'hand over');
      });
    }
    await this.end(running, endOfAnswer(reply.statusCode, body));
    return body;
  }

  private async end({ call, lease }: Running, end: CallEnd): Promise<void> {
    if (typeof end === 'object') await this.writer.write(() => this.calls.keep(call, lease, end));
    else if (lease === undefined) return;
    else if (end === 'free') await this.writer.write(() => this.calls.free(call, lease));
    else await this.writer.write(() => this.calls.handOver(call, lease));
  }
}

function replay(reply: FastifyReply, { status, text }: StoredAnswer): unknown {
  void reply.status(status).header(REPLAYED, 'true');
  // Of errors only those are kept that a repetition would not mend.
  if (status >= 400) void reply.header('x-should-retry', 'false');
  return JSON.parse(text);
}

/** As the error filter will answer it. */
function databaseError(thrown: unknown): ApiError | undefined {
  return isDatabaseUnavailable(thrown) ? new ApiError('database_unavailable') : undefined;
}
