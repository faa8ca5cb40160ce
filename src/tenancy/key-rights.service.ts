// Holds keys that manage keys to what they may do themselves.
import { Injectable } from '@nestjs/common';
import { isOperator, type KeyPrincipal, type Principal } from '../auth/principal.js';
import { notFound } from '../contracts/not-found.js';
import type { Scope } from '../contracts/requires.decorator.js';
import { ApiError } from '../errors/api-error.js';
import { exceeds, type Excess, type Grant } from './grant.js';
import { statusOf, toGrant } from './keys.mapper.js';
import { KeysRepository } from './keys.repository.js';
import type { Manager } from './manager.js';
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
  async of({ principal }: Manager, tenantId: string, write: Write): Promise<Rights> {
    if (principal.kind === 'admin' || isOperator(principal)) return this.ofOperator(principal, write);
    if (principal.tenantId !== tenantId) throw notFound('tenant', tenantId);
    return this.grantOf(principal, 'keys:manage', write);
  }

  /** @throws {ApiError} `key_revoked`, `insufficient_permissions` for a caller who is no operator any more */
  async checkOperator({ principal }: Manager, write: Write): Promise<void> {
    await this.ofOperator(principal, write);
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

  /** The root key is no row, and is not taken away while the gateway runs. */
  private async ofOperator(principal: Principal, write: Write): Promise<'all'> {
    if (principal.kind === 'key') await this.grantOf(principal, 'admin', write);
    return 'all';
  }

  private async grantOf(
    { tenantId, keyId }: KeyPrincipal,
    needed: Scope,
    { tx, now }: Write,
  ): Promise<Grant> {
    const own = await this.keys.findOpen(tenantId, keyId, tx);
    if (!own || statusOf(own, now) !== 'active') throw new ApiError('key_revoked');
    const grant = toGrant(own);
    if (!grant.scopes.includes(needed)) throw new ApiError('insufficient_permissions');
    return grant;
  }
}

function refuse(rights: Rights, grant: Grant, message: (excess: Excess) => string): void {
  const excess = rights === 'all' ? undefined : exceeds(grant, rights);
  if (excess) throw new ApiError('insufficient_permissions', { param: excess, message: message(excess) });
}
