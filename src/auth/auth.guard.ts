// The global guard, closed by default: a route that does not say what it requires is open to nobody.
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../errors/api-error.js';
import { Authenticator } from './authenticator.service.js';
import { type Permission, PERMISSION } from '../contracts/requires.decorator.js';
import { isAllowed, type Principal } from './principal.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is calling; absent on public routes. */
    principal?: Principal;
  }
}

/** Lets a request through when its caller is known and may do what the route asks for. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const permission = this.reflector.getAllAndOverride<Permission | undefined>(PERMISSION, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (permission === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const principal = request.principal ?? this.authenticator.authenticate(request.headers.authorization);
    return principal instanceof Promise
      ? principal.then((found) => admit(request, found, permission))
      : admit(request, principal, permission);
  }
}

function admit(request: FastifyRequest, principal: Principal, permission: Permission | undefined): true {
  if (permission === undefined || !isAllowed(principal, permission)) {
    throw new ApiError('insufficient_permissions');
  }
  request.principal = principal;
  return true;
}
