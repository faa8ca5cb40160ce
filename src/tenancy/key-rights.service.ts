// Holds keys that manage keys to what they may do themselves.
import { Injectable } from '@nestjs/common';
import { isOperator } from '../auth/principal.js';
import { ApiError } from '../errors/api-error.js';
import { exceeds, type Excess, type Grant } from './grant.js';
import { statusOf, toGrant } from './keys.mapper.js';
import { KeysRepository } from './keys.repository.js';
import type { Manager } from './manager.js';
import { notFound } from './not-found.js';
import type { Write } from './writes.repository.js';

/** What a manager may give and lay hands on; `'all'` for an operator. */
export type Rights = Grant | 'all';

/** What managers may do. */
@Injectable()
export class KeyRights {
  constructor(private readonly keys: KeysRepository) {}

  /**
   * What a manager may do with the keys of a tenant, as the database has it now: what was taken from a key since its
   * request came does not count any more.
   *
   * @throws {ApiError} `not_found` for another tenant's key, `key_revoked`, `insufficient_permissions`
   */
  async of({ principal }: Manager, tenantId: string, { tx, now }: Write): Promise<Rights> {
    if (principal.kind === 'admin' || isOperator(principal)) return 'all';
    if (principal.tenantId !== tenantId) throw notFound('tenant', tenantId);
    const own = await this.keys.find(tenantId, principal.keyId, tx);
    if (!own || statusOf(own, now) !== 'active') throw new ApiError('key_revoked');
    const grant = toGrant(own);
    if (!grant.scopes.includes('keys:manage')) throw new ApiError('insufficient_permissions');
    return grant;
  }

  /** @throws {ApiError} `insufficient_permissions` for a key that may do more than its manager */
  checkPresent(rights: Rights, present: Grant): void {
    refuse(
      rights,
      present,
      (excess) => `This key may not manage a key whose '${excess}' goes beyond its own.`,
    );
  }

  /** @throws {ApiError} `insufficient_permissions` for a key that would be able to do more than its manager */
  checkWanted(rights: Rights, wanted: Grant): void {
    refuse(
      rights,
      wanted,
      (excess) => `This key may not give more than it has: '${excess}' goes beyond its own.`,
    );
  }
}

function refuse(rights: Rights, grant: Grant, message: (excess: Excess) => string): void {
  const excess = rights === 'all' ? undefined : exceeds(grant, rights);
  if (excess) throw new ApiError('insufficient_permissions', { param: excess, message: message(excess) });
}
