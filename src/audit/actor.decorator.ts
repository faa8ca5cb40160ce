// Hands a controller who acts, for the audit log.
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import type { AuditActor, AuditContext } from './audit-event.js';

/** Of a request, what the audit log is told. The principal is the guard's, which lives above this room. */
interface Acting {
  readonly id: string;
  /** The caller's address; a proxy's is looked through as far as Fastify is told to trust it. */
  readonly ip: string;
  readonly principal?: unknown;
}

/** Parameter of type {@link AuditContext}, on a route that requires a key. */
export const TheActor = createParamDecorator((_: unknown, context: ExecutionContext): AuditContext =>
  auditActorOf(context.switchToHttp().getRequest<Acting>()),
);

/**
 * Who acts by a request.
 *
 * @throws {ApiError} `insufficient_permissions` for a request of nobody: no guard has looked at it
 */
export function auditActorOf({ id, ip, principal }: Acting): AuditContext {
  return { actor: actorOf(principal), requestId: id, ip };
}

function actorOf(principal: unknown): AuditActor {
  const { kind, keyId, tenantId } = (principal ?? {}) as Readonly<Record<string, unknown>>;
  if (kind === 'admin') return { kind: 'root' };
  if (kind === 'key' && typeof keyId === 'string' && typeof tenantId === 'string') {
    return { kind: 'key', id: keyId, tenantId };
  }
  throw new ApiError('insufficient_permissions');
}
