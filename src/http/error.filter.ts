// The one way out for errors: everything thrown anywhere becomes an answer in OpenAI's shape.
import { type ArgumentsHost, Catch, type ExceptionFilter, NotFoundException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors/api-error.js';
import { errorBody, errorHeaders, toApiError, type Translator } from './error-answer.js';
import { logError } from './error-log.js';
import type {} from './request-facts.js';
import { REQUEST_ID_HEADER } from './request-id.js';
import type { RouteTable } from './route-table.js';

/** Writes errors. What the caller did is answered; what we did is also logged, with its cause. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    private readonly routes: RouteTable,
    private readonly translate: Translator,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const error =
      thrown instanceof NotFoundException ? this.unrouted(request) : toApiError(thrown, this.translate);
    request.failure = error;
    logError(error, request.id);
    if (reply.sent || reply.raw.headersSent) return;
    void reply
      .status(error.status)
      .headers({ [REQUEST_ID_HEADER]: request.id, ...errorHeaders(error) })
      .send(errorBody(error));
  }

  /** No handler throws Nest's own NotFoundException: it is the router's, for an address or a method without a route. */
  private unrouted({ method, url }: FastifyRequest): ApiError {
    const path = (url.split('?')[0] ?? '').slice(0, 200);
    const allowed = this.routes.allowedMethods(path);
    if (allowed.length === 0 || allowed.includes(method)) {
      return new ApiError('unknown_url', {
        message: `Unknown request URL: ${method} ${path}. Please check the URL for typos, or see the documentation at /docs.`,
      });
    }
    return new ApiError('method_not_allowed', {
      message: `Not allowed to ${method} on ${path}. (HINT: Perhaps you meant to use a different HTTP method?)`,
      headers: { allow: allowed.join(', ') },
    });
  }
}
