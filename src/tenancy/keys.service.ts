// What can be done with keys, but for their rotation: the use cases under the admin API and the command line alike.
import { Injectable } from '@nestjs/common';
import { unknownCursor } from '../contracts/cursor.js';
import { isId } from '../contracts/identifier.js';
import { notFound } from '../contracts/not-found.js';
import type { JudgedKey, KeyChanges, KeyOptions, MintedKey } from './key-changes.js';
import { KeyMint } from './key-mint.service.js';
import { KeyRights, type Rights } from './key-rights.service.js';
import {
  checkEnd,
  checkReplaced,
  type Inheritance,
  inheritanceOf,
  newKey,
  toKeyColumns,
} from './key-settings.js';
import { KeyWrites } from './key-writes.service.js';
import { toGrant } from './keys.mapper.js';
import { KeysRepository, type StoredKey } from './keys.repository.js';
import type { Manager } from './manager.js';
import type { Slice } from './slice.js';
import { TenantsService } from './tenants.service.js';
import { Writes } from './writes.repository.js';

/** Keys of tenants. */
@Injectable()
export class KeysService {
  constructor(
    private readonly keys: KeysRepository,
    private readonly tenants: TenantsService,
    private readonly clock: Writes,
    private readonly writes: KeyWrites,
    private readonly rights: KeyRights,
    private readonly minting: KeyMint,
  ) {}

  /**
   * Makes a key. Limits that a managing key does not speak of are its own, and counted together with it.
   *
   * @throws {ApiError} `not_found` for an unknown tenant; `invalid_value` for an end that is over;
   *   `insufficient_permissions` for more than the manager has, with the parameter
   */
  create(manager: Manager, tenantId: string, options: KeyOptions): Promise<MintedKey> {
    return this.writes.onTenant(manager, tenantId, async (write) => {
      const { rights, now } = write;
      checkEnd(options.expiresAt, now);
      const key = newKey(tenantId, options, inherited(rights, manager));
      this.rights.checkWanted(rights, toGrant(key));
      const minted = await this.minting.mint(write, key);
      await this.writes.record('key.create', undefined, minted.stored, write);
      return minted;
    });
  }

  /** @throws {ApiError} `not_found` for an unknown tenant, `invalid_value` for a cursor that is no key of its */
  async list(tenantId: string, slice: Slice): Promise<JudgedKey[]> {
    await this.tenants.get(tenantId);
    if (slice.after !== undefined && !(await this.find(tenantId, slice.after))) throw unknownCursor();
    const now = await this.clock.now();
    return (await this.keys.list(tenantId, slice)).map((stored) => ({ stored, now }));
  }

  /** @throws {ApiError} `not_found` for an unknown tenant or key, and for another tenant's key */
  async get(tenantId: string, id: string): Promise<JudgedKey> {
    await this.tenants.get(tenantId);
    const stored = await this.find(tenantId, id);
    if (!stored) throw notFound('key', id);
    return { stored, now: await this.clock.now() };
  }

  /**
   * Changes a key. A managing key changes only what is not more than itself, before and after.
   *
   * @throws {ApiError} `not_found`; `insufficient_permissions`, `invalid_value` as {@link create}; `already_rotated`
   *   for a later end of a key that another one has replaced
   */
  update(manager: Manager, tenantId: string, id: string, changes: KeyChanges): Promise<JudgedKey> {
    return this.writes.onKey(manager, tenantId, id, async (before, write): Promise<JudgedKey> => {
      const { now } = write;
      const columns = toKeyColumns(changes);
      if (Object.values(columns).every((value) => value === undefined)) return { stored: before, now };
      checkEnd(changes.expiresAt, now);
      checkReplaced(before, changes.expiresAt);
      const after = await this.keys.update(write, tenantId, id, columns);
      this.rights.checkWanted(write.rights, toGrant(after));
      await this.writes.record('key.update', before, after, write);
      return { stored: after, now };
    });
  }

  /** Ends a key for good; ending it again changes nothing. @throws {ApiError} `not_found`, `insufficient_permissions` */
  revoke(manager: Manager, tenantId: string, id: string): Promise<JudgedKey> {
    return this.writes.onKey(manager, tenantId, id, async (before, write): Promise<JudgedKey> => {
      const { now } = write;
      if (before.revokedAt) return { stored: before, now };
      const after = await this.keys.update(write, tenantId, id, { revokedAt: now });
      await this.writes.record('key.revoke', before, after, write);
      return { stored: after, now };
    });
  }

  /** Whose a key is, for people at a terminal, who know it by its id alone. @throws {ApiError} `not_found` */
  async tenantOf(id: string): Promise<string> {
    const tenantId = isId('key_', id) ? await this.keys.tenantOf(id) : undefined;
    if (tenantId === undefined) throw notFound('key', id);
    return tenantId;
  }

  private async find(tenantId: string, id: string): Promise<StoredKey | null> {
    return isId('key_', id) ? this.keys.find(tenantId, id) : null;
  }
}

function inherited(rights: Rights, { principal }: Manager): Inheritance {
  if (rights === 'all' || principal.kind === 'admin') return { limits: {}, accountId: null };
  return inheritanceOf(rights.limits, principal.accountId);
}
