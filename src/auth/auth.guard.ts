// The global guard, closed by default: a route that does not say what it requires is open to nobody.
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors/api-error.js';
import { Authenticator } from './authenticator.service.js';
import { notFound } from '../contracts/not-found.js';
import { REQUIREMENT, type Requirement } from '../contracts/requires.decorator.js';
import { AddressList } from './address-list.js';
import { isAllowed, isOperator, type Principal } from './principal.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is calling; absent on public routes. */
    principal?: Principal;
    /** Whether its caller was found before its body came. */
    isEarlyKnown?: boolean;
  }
}

/** Said with answers to a key that another one has replaced. */
const KEY_EXPIRES = 'x-cerebro-key-expires';

/** Lets a request through when its caller is known and may do what the route asks for. */
@Injectable()
export class AuthGuard implements CanActivate {
  private readonly addresses = new AddressList();

  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const requirement = this.reflector.getAllAndOverride<Requirement | undefined>(REQUIREMENT, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (requirement?.permissions.includes('public')) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    // Again, also where it was done before the body came: that may take its time, and a key may end meanwhile.
    const principal = this.authenticator.authenticate(
      request.headers.authorization,
      request.ip,
      request.isEarlyKnown,
    );
    return principal instanceof Promise
      ? principal.then((found) => this.admit({ request, reply, requirement }, found))
      : this.admit({ request, reply, requirement }, principal);
  }

  private admit(
    {
      request,
      reply,
      requirement,
    }: { request: FastifyRequest; reply: FastifyReply; requirement: Requirement | undefined },
    principal: Principal,
  ): true {
    if (principal.kind === 'key') this.checkKey(principal, request, reply);
    if (!requirement?.permissions.some((permission) => isAllowed(principal, permission))) {
      throw new ApiError('insufficient_permissions', lacks(requirement));
    }
    if (requirement.tenantParam !== undefined) checkTenant(principal, request, requirement.tenantParam);
    request.principal = principal;
    return true;
  }

  private checkKey(
    { ipAllowlist, replacedUntil }: Extract<Principal, { kind: 'key' }>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    if (ipAllowlist.length > 0 && !this.addresses.includes(ipAllowlist, request.ip)) {
      throw new ApiError('ip_not_allowed');
    }
    if (replacedUntil) void reply.header(KEY_EXPIRES, replacedUntil.toISOString());
  }
}

/** What a caller would need; nothing is told of a route that nobody may use. */
function lacks(requirement: Requirement | undefined): { message?: string } {
  if (!requirement) return {};
  const scopes = requirement.permissions.map((permission) => `'${permission}'`).join(' or ');
  return { message: `This key may not be used for this operation: it needs the scope ${scopes}.` };
}

/** To a tenant's key, other tenants are unknown. */
function checkTenant(principal: Principal, { params }: FastifyRequest, name: string): void {
  const id = (params as Readonly<Record<string, string>>)[name] ?? '';
  if (principal.kind === 'admin' || isOperator(principal) || principal.tenantId === id) return;
  throw notFound('tenant', id);
}
