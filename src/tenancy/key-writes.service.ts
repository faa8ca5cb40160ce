// What all writes of keys have in common: the tenant's row, the manager's rights, the record of it, and that this node
// forgets what it remembers.
import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import { Authenticator } from '../auth/authenticator.service.js';
import { isId } from '../contracts/identifier.js';
import { notFound } from '../contracts/not-found.js';
import type { JudgedKey } from './key-changes.js';
import { KeyRights, type Rights } from './key-rights.service.js';
import { toGrant, toKeyObject } from './keys.mapper.js';
import { KeysRepository, type StoredKey } from './keys.repository.js';
import type { Manager } from './manager.js';
import { type Write, Writes } from './writes.repository.js';

/** A write that is under way, with what its manager may do. */
export interface KeyWrite extends Write {
  readonly manager: Manager;
  readonly rights: Rights;
}

/** Runs writes of keys. */
@Injectable()
export class KeyWrites {
  constructor(
    private readonly writes: Writes,
    private readonly keys: KeysRepository,
    private readonly rights: KeyRights,
    private readonly audit: AuditLog,
    private readonly authenticator: Authenticator,
  ) {}

  /** Runs a write about a tenant's keys. @throws {ApiError} `not_found`, and as {@link KeyRights.of} */
  onTenant<Value>(
    manager: Manager,
    tenantId: string,
    act: (write: KeyWrite) => Promise<Value>,
  ): Promise<Value> {
    return this.writes.onTenant(tenantId, async (write) =>
      act({ ...write, manager, rights: await this.rights.of(manager, tenantId, write) }),
    );
  }

  /**
   * Runs a write about a key that its manager may lay hands on. Gives the key afterwards.
   *
   * @throws {ApiError} `not_found` for an unknown key, `insufficient_permissions` for one that may do more
   */
  async onKey<Result extends JudgedKey>(
    manager: Manager,
    tenantId: string,
    id: string,
    act: (key: StoredKey, write: KeyWrite) => Promise<Result>,
  ): Promise<Result> {
    const result = await this.onTenant(manager, tenantId, async (write) => {
      const key = isId('key_', id) ? await this.keys.find(tenantId, id, write.tx) : null;
      if (!key) throw notFound('key', id);
      this.rights.checkPresent(write.rights, toGrant(key));
      return act(key, write);
    });
    this.authenticator.forget(id);
    return result;
  }

  /**
   * Records what was done: the last thing in a write.
   *
   * @param before the key that it was done to; undefined for a new one
   */
  async record(
    action: string,
    before: StoredKey | undefined,
    after: StoredKey,
    write: KeyWrite,
  ): Promise<void> {
    const { tx, now, manager } = write;
    await this.audit.record(tx, {
      ...manager.context,
      action,
      target: { kind: 'key', id: before?.id ?? after.id, tenantId: after.tenantId },
      before: before && toKeyObject({ stored: before, now }),
      after: toKeyObject({ stored: after, now }),
    });
  }
}
