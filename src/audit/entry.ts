// The exact text of an event, which is what the chain is made of.
import { newId } from '../contracts/identifier.js';
import type { AuditActor, AuditEvent, AuditEventInput } from './audit-event.js';
import { redacted } from './redaction.js';

/** An entry as it is stored. The database puts `seq` and `at` in front of what the gateway writes. */
export interface Entry {
  readonly seq: number;
  /** Milliseconds since 1970, by the database's clock. */
  readonly at: number;
  readonly id: string;
  readonly action: string;
  readonly actor: { kind: AuditActor['kind']; id?: string; tenant_id?: string };
  readonly target: { kind: string; id: string; tenant_id?: string };
  readonly before?: unknown;
  readonly after?: unknown;
  readonly request_id?: string;
  readonly ip?: string;
}

/** The text of a new event, with a new id in front, without secrets. */
export function newEntry(event: AuditEventInput): string {
  const { actor, action, target, before, after, requestId, ip } = event;
  const whose = target.tenantId ?? (target.kind === 'tenant' ? target.id : undefined);
  const said = redacted({
    action,
    actor: { kind: actor.kind, id: actor.id, tenant_id: actor.tenantId },
    target: { kind: target.kind, id: target.id, tenant_id: whose },
    before,
    after,
    request_id: requestId,
    ip,
  }) as object;
  return JSON.stringify({ id: newId('aud_'), ...said });
}

/** An entry's text, read. */
export function parseEntry(text: string): Entry {
  return JSON.parse(text) as Entry;
}

/** An event out of its text. */
export function toAuditEvent(text: string, hash: Uint8Array): AuditEvent {
  const { id, at, action, actor, target, before, after, request_id, ip } = parseEntry(text);
  return {
    id,
    at: new Date(at),
    actor: { kind: actor.kind, id: actor.id, tenantId: actor.tenant_id },
    action,
    target: { kind: target.kind, id: target.id, tenantId: target.tenant_id },
    before: before ?? null,
    after: after ?? null,
    requestId: request_id ?? null,
    ip: ip ?? null,
    hash: Buffer.from(hash).toString('hex'),
  };
}
