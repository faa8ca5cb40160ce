// From audit events to the admin API's objects.
import { unixSeconds } from '../contracts/unix-seconds.js';
import type { AuditEvent } from './audit-event.js';
import type { AuditEventObject } from './audit.contract.js';

/** An event as the admin API shows it. */
export function toAuditEventObject(event: AuditEvent): AuditEventObject {
  const { id, at, actor, action, target, before, after, requestId, ip, hash } = event;
  return {
    id,
    object: 'audit_event',
    created_at: unixSeconds(at),
    actor: { kind: actor.kind, id: actor.id ?? null, tenant_id: actor.tenantId ?? null },
    action,
    target: { kind: target.kind, id: target.id, tenant_id: target.tenantId ?? null },
    before,
    after,
    request_id: requestId,
    ip_address: ip,
    hash,
  };
}
