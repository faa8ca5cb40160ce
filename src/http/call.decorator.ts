// Hands a controller the facts of a call: who, which request, whether it repeats another.
import { createHash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors/api-error.js';
import type { Call } from '../inference/call.js';
import { CallNotes } from '../inference/call-notes.js';
import { fingerprint } from './fingerprint.js';
import type { InFlight } from './in-flight.js';
import type {} from './request-facts.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** The requests that this server is answering. */
    inFlight: InFlight;
  }
  interface FastifyRequest {
    /** See `Call.onUsage`. */
    onUsage?: Call['onUsage'];
    /** What an `Idempotency-Key` says of the request. */
    repetition?: { readonly durable: boolean; readonly mayJoin: boolean; readonly onlyJoins: boolean };
  }
}

/** Parameter of type {@link Call}, on a route that requires a tenant's key. */
export const TheCall = createParamDecorator((_: unknown, context: ExecutionContext): Call => {
  const http = context.switchToHttp();
  return toCall(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
});

function toCall(request: FastifyRequest, reply: FastifyReply): Call {
  const { principal, repetition } = request as { principal?: Partial<Call>; repetition?: Partial<Call> };
  if (principal?.tenantId === undefined || principal.keyId === undefined) {
    throw new ApiError('insufficient_permissions');
  }
  const { 'idempotency-key': idempotencyKey } = request.headers;
  const retry = retryCount(request.headers['x-stainless-retry-count']);
  return {
    tenantId: principal.tenantId,
    keyId: principal.keyId,
    accountId: principal.accountId ?? principal.keyId,
    models: principal.models ?? [],
    onUsage: request.onUsage,
    requestId: request.id,
    fingerprint: scoped(
      fingerprint(request),
      principal.keyId,
      repetition?.durable ? idempotencyKey : undefined,
    ),
    retry,
    durable: repetition?.durable ?? false,
    mayJoin: (repetition?.mayJoin ?? false) || (retry ?? 0) > 0,
    onlyJoins: repetition?.onlyJoins ?? false,
    unsupportedParams: principal.unsupportedParams,
    retainContentDays: principal.retainContentDays,
    arrivedAt: performance.now() - reply.elapsedTime,
    notes: (request.notes ??= new CallNotes()),
    signal: request.server.inFlight.signalOf(request),
  };
}

/** The same question by another key, or under another `Idempotency-Key`, is another call. */
function scoped(asked: Buffer, keyId: string, idempotencyKey: string | string[] | undefined): Buffer {
  const digest = createHash('sha256').update(asked).update(keyId);
  return (idempotencyKey === undefined ? digest : digest.update(` ${String(idempotencyKey)}`)).digest();
}

/** OpenAI's clients count their own repetitions in this header, from 0. */
function retryCount(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,3}$/.test(header) ? Number(header) : undefined;
}
