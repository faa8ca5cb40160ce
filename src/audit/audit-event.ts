// What an audit event is: who did what to what. How it is kept is in audit-events.repository.ts.

/** Who acted: the holder of the root key, a key, somebody at the command line, or the gateway by itself. */
export interface AuditActor {
  readonly kind: 'root' | 'key' | 'cli' | 'system';
  /** Of a key. */
  readonly id?: string | undefined;
  /** The key's tenant. */
  readonly tenantId?: string | undefined;
}

/** What was acted on. */
export interface AuditTarget {
  /** Such as `tenant` or `key`. */
  readonly kind: string;
  readonly id: string;
  /** Whose it is; for a tenant its own id, which may be left out. */
  readonly tenantId?: string | undefined;
}

/** Who acts, and by which request. */
export interface AuditContext {
  readonly actor: AuditActor;
  readonly requestId?: string | undefined;
  /** The address that the request came from. */
  readonly ip?: string | undefined;
}

/** Something that was done. */
export interface AuditEventInput extends AuditContext {
  /** What was done, such as `tenant.create`. */
  readonly action: string;
  readonly target: AuditTarget;
  /** What the target was before, as far as it was changed. Secrets in it are not written: see redaction.ts. */
  readonly before?: object | undefined;
  /** What it is since. */
  readonly after?: object | undefined;
}

/** An event that is kept. */
export interface AuditEvent {
  readonly id: string;
  readonly at: Date;
  readonly actor: AuditActor;
  readonly action: string;
  readonly target: AuditTarget;
  readonly before: unknown;
  readonly after: unknown;
  readonly requestId: string | null;
  readonly ip: string | null;
  /** SHA-256 of the event and of the hash before it, in hexadecimal. */
  readonly hash: string;
}

/** Which events to give: all that are so. */
export interface AuditFilter {
  /** The tenant that they are about. */
  readonly tenantId?: string | undefined;
  readonly actorId?: string | undefined;
  readonly action?: string | undefined;
  readonly targetId?: string | undefined;
}
