// Routes whose last parameter may hold slashes, as the names of models do. Fastify matches these by a `*`.
import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  Get,
  NotFoundException,
} from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiParam, type ApiParamOptions } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The name of the parameter that the `*` at the end of the route's path stands for. */
    rest?: string;
  }
}

/** A `GET` of everything below the controller's path, which is one parameter: read it with {@link RestOfPath}. */
export function GetRest(parameter: ApiParamOptions & { name: string }): MethodDecorator {
  return applyDecorators(
    Get('*'),
    RouteConfig({ rest: parameter.name }),
    ApiParam({ type: String, ...parameter }),
  );
}

/**
 * Parameter of type string: what follows the controller's path, decoded once. Like any other route, this one does
 * not answer to a path that ends with a slash.
 */
export const RestOfPath = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { params } = context.switchToHttp().getRequest<FastifyRequest<{ Params: { '*': string } }>>();
  const rest = params['*'];
  if (rest === '' || rest.endsWith('/')) throw new NotFoundException();
  return rest;
});
