// Hands a controller the tenant that is calling.
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
// Adds `principal` to Fastify's requests.
import type {} from './auth.guard.js';
import { ApiError } from '../errors/api-error.js';

/** Parameter of type string: the id of the tenant whose key this is, on a route that requires one. The root key has none. */
export const TenantId = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { principal } = context.switchToHttp().getRequest<FastifyRequest>();
  if (principal?.kind !== 'key') throw new ApiError('insufficient_permissions');
  return principal.tenantId;
});
