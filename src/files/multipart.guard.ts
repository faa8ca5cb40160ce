// Holds a route of forms to forms: it would otherwise take JSON too, as every route does.
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../errors/api-error.js';

/** Refuses everything but multipart/form-data. Runs after the global guard, so strangers are told nothing. */
@Injectable()
export class MultipartGuard implements CanActivate {
  canActivate(context: ExecutionContext): true {
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    if (/^multipart\/form-data\s*(?:;|$)/i.test(headers['content-type'] ?? '')) return true;
    throw new ApiError('unsupported_content_type', {
      message: 'Unsupported content type: send multipart/form-data.',
    });
  }
}
