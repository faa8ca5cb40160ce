// One line a request: who, what, how it ended, how long it took. Never a body, a query or a credential.
import type { FastifyReply, FastifyRequest } from 'fastify';

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
}

/** The line about a request that is over. */
export function accessLine(request: FastifyRequest, reply: FastifyReply): AccessLine {
  const { principal } = request as { principal?: { keyId?: string; tenantId?: string } };
  return {
    msg: 'request',
    requestId: request.id,
    method: request.method,
    route: request.routeOptions.url ?? null,
    status: reply.raw.writableFinished ? reply.statusCode : 499,
    durationMs: Math.round(reply.elapsedTime * 10) / 10,
    keyId: principal?.keyId,
    tenantId: principal?.tenantId,
  };
}
