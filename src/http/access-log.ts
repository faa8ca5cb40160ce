// One line a request: who, what, how it ended, how long it took. Never a body, a query or a credential.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type {} from './request-facts.js';
import { EVERYWHERE } from './route-table.js';

/** What is logged of a request. */
export interface AccessLine {
  readonly msg: 'request';
  readonly requestId: string;
  readonly method: string;
  /** The route's pattern, not the caller's text: nothing that a caller writes gets into the log. */
  readonly route: string | null;
  /** 499 where the caller hung up before the answer. */
  readonly status: number;
  readonly durationMs: number;
  readonly keyId: string | undefined;
  readonly tenantId: string | undefined;
  /** The model's name, once one was found. */
  readonly model: string | undefined;
  /** The part of the time that Replicate was waited for. */
  readonly waitedMs: number | undefined;
  /** The code of the error that the caller was told, as docs/errors.md has it; in a stream it comes after a 200. */
  readonly error: string | undefined;
  /** The request's trace, where requests are traced. */
  readonly traceId: string | undefined;
}

/** The line about a request that is over. */
export function accessLine(request: FastifyRequest, reply: FastifyReply): AccessLine {
  const { principal } = request as { principal?: { keyId?: string; tenantId?: string } };
  const { notes, failure, traced } = request;
  return {
    msg: 'request',
    requestId: request.id,
    method: request.method,
    route: routeOf(request),
    status: reply.raw.writableFinished ? reply.statusCode : 499,
    durationMs: tenths(reply.elapsedTime),
    keyId: principal?.keyId,
    tenantId: principal?.tenantId,
    model: notes?.model,
    waitedMs: notes && tenths(notes.waitedMs),
    error: failure?.reason,
    traceId: traced?.span.spanContext().traceId,
  };
}

/** OPTIONS of any path has a route for preflights, which is none of ours. */
function routeOf({ routeOptions: { url } }: FastifyRequest): string | null {
  return url === undefined || url === EVERYWHERE ? null : url;
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
