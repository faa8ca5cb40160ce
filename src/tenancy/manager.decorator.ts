// Hands a controller who manages.
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { auditActorOf } from '../audit/actor.decorator.js';
// Says of a request who is calling.
import type {} from '../auth/auth.guard.js';
import { ApiError } from '../errors/api-error.js';
import type { Manager } from './manager.js';

/** Parameter of type {@link Manager}, on a route that requires a key. */
export const TheManager = createParamDecorator((_: unknown, context: ExecutionContext): Manager => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const { principal } = request;
  if (!principal) throw new ApiError('insufficient_permissions');
  return { context: auditActorOf(request), principal };
});
