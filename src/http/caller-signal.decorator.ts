// Hands a controller the signal that its caller has gone.
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { InFlight } from './in-flight.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** The requests that this server is answering. */
    inFlight: InFlight;
  }
}

/** Parameter of type AbortSignal: aborted when the caller hangs up before the answer. */
export const CallerSignal = createParamDecorator((_: unknown, context: ExecutionContext): AbortSignal => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return request.server.inFlight.signalOf(request);
});
