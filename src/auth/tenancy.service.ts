// What can be done with tenants and keys: the use cases under the admin API and the command line alike.
import { Injectable } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import type { UnsupportedParams } from '../inference/call.js';
import { Authenticator } from './authenticator.service.js';
import { isId, newId } from '../contracts/identifier.js';
import { displayKey, mintKey } from './key.js';
import { KeyHasher } from './key-hasher.js';
import { type Slice, type StoredKey, type StoredTenant, TenancyRepository } from './tenancy.repository.js';

/** What is said of a key at its creation. */
export interface KeyOptions {
  /** For people. */
  readonly name: string;
  /** Absent: it works until it is revoked. */
  readonly expiresAt?: Date | undefined;
  /** What becomes of parameters that a model lacks; absent: what holds for the gateway. */
  readonly unsupportedParams?: UnsupportedParams | undefined;
}

/** A key at its creation, the only time that it is known. */
export interface MintedKey {
  readonly key: string;
  readonly stored: StoredKey;
}

/** Tenants and their keys. */
@Injectable()
export class TenancyService {
  constructor(
    private readonly repository: TenancyRepository,
    private readonly hasher: KeyHasher,
    private readonly authenticator: Authenticator,
  ) {}

  createTenant(name: string): Promise<StoredTenant> {
    return this.repository.createTenant({ id: newId('ten_'), name });
  }

  listTenants(slice: Slice): Promise<StoredTenant[]> {
    return this.repository.listTenants(slice);
  }

  /** @throws {ApiError} `not_found` for an unknown tenant */
  async getTenant(id: string): Promise<StoredTenant> {
    const tenant = isId('ten_', id) ? await this.repository.findTenant(id) : null;
    return tenant ?? notFound('tenant', id);
  }

  /** @throws {ApiError} `not_found` for an unknown tenant */
  async createKey(tenantId: string, { name, expiresAt, unsupportedParams }: KeyOptions): Promise<MintedKey> {
    const tenant = await this.getTenant(tenantId);
    const key = mintKey();
    const stored = await this.repository.createKey({
      id: newId('key_'),
      tenantId: tenant.id,
      name,
      hash: this.hasher.hash(key),
      pepperVersion: this.hasher.version,
      display: displayKey(key),
      expiresAt: expiresAt ?? null,
      unsupportedParams: unsupportedParams ?? null,
    });
    return { key, stored };
  }

  /** @throws {ApiError} `not_found` for an unknown tenant */
  async listKeys(tenantId: string, slice: Slice): Promise<StoredKey[]> {
    await this.getTenant(tenantId);
    return this.repository.listKeys(tenantId, slice);
  }

  /** @throws {ApiError} `not_found` for an unknown key, and for another tenant's */
  async getKey(tenantId: string, id: string): Promise<StoredKey> {
    const isWellFormed = isId('ten_', tenantId) && isId('key_', id);
    const key = isWellFormed ? await this.repository.findTenantKey(tenantId, id) : null;
    return key ?? notFound('key', id);
  }

  /** Ends a key for good; revoking it again changes nothing. Counts on this node at once. */
  async revokeKey(tenantId: string, id: string): Promise<StoredKey> {
    await this.getKey(tenantId, id);
    await this.repository.revokeKey(tenantId, id, new Date());
    this.authenticator.forget();
    return this.getKey(tenantId, id);
  }

  /** Ends a key that is known by its id alone. */
  async revokeKeyById(id: string): Promise<StoredKey> {
    const key = isId('key_', id) ? await this.repository.findKey(id) : null;
    return this.revokeKey((key ?? notFound('key', id)).tenantId, id);
  }
}

function notFound(what: 'tenant' | 'key', id: string): never {
  throw new ApiError('not_found', { message: `No such ${what}: '${id.slice(0, 64)}'.` });
}
