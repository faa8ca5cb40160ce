// Who manages tenants and keys: the operator, at a terminal or with the root key, or a key that may.
import type { AuditActor, AuditContext } from '../audit/audit-event.js';
import type { Principal } from '../auth/principal.js';

/** Who does something, and what they may do. */
export interface Manager {
  readonly context: AuditContext;
  readonly principal: Principal;
}

/** Whoever is at the machine has the root key's rights. */
export function localManager(actor: AuditActor): Manager {
  return { context: { actor }, principal: { kind: 'admin' } };
}
