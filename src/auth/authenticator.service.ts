// Finds out who is calling from the Authorization header alone.
import { Injectable } from '@nestjs/common';
import { SettingsService } from '../config/config.module.js';
import { ApiError } from '../errors/api-error.js';
import { isWellFormedKey } from './key.js';
import { KeyCache } from './key-cache.js';
import { KeyHasher } from './key-hasher.js';
import type { Principal } from './principal.js';
import { type StoredKey, TenancyRepository, unsupportedParamsOf } from './tenancy.repository.js';

/** RFC 6750's scheme, in any case; no key of ours or of an operator has spaces or control characters. */
const BEARER = /^bearer +([\x21-\x7e]{1,512})$/i;

/** Checks credentials. */
@Injectable()
export class Authenticator {
  private readonly cache: KeyCache;
  private readonly adminKey: string | undefined;

  constructor(
    private readonly hasher: KeyHasher,
    repository: TenancyRepository,
    settings: SettingsService,
  ) {
    this.cache = new KeyCache((credential) => repository.findKeyByHash(hasher.hash(credential)));
    this.adminKey = settings.get('adminKey', { infer: true });
  }

  /**
   * The caller that an Authorization header names: at once where the key is remembered, which costs no promise on
   * the way of every request.
   *
   * @throws {ApiError} `missing_api_key` without a credential; `invalid_api_key`, in the same words, for a
   *   malformed, unknown, revoked or expired one; `database_unavailable` when nobody can tell
   */
  authenticate(authorization: string | undefined): Principal | Promise<Principal> {
    if (authorization === undefined || authorization.trim() === '') throw new ApiError('missing_api_key');
    const credential = BEARER.exec(authorization)?.[1];
    if (credential === undefined) throw new ApiError('invalid_api_key');
    if (isWellFormedKey(credential)) return this.tenantKey(credential);
    if (this.adminKey !== undefined && this.hasher.equal(credential, this.adminKey)) return { kind: 'admin' };
    throw new ApiError('invalid_api_key');
  }

  /** Forgets what is remembered of keys; called after any of them changed. */
  forget(): void {
    this.cache.clear();
  }

  private tenantKey(credential: string): Principal | Promise<Principal> {
    const found = this.cache.find(credential);
    return found instanceof Promise ? found.then(toPrincipal) : toPrincipal(found);
  }
}

function toPrincipal(key: StoredKey | undefined): Principal {
  if (!key || !isUsable(key)) throw new ApiError('invalid_api_key');
  const { id: keyId, tenantId } = key;
  return { kind: 'key', keyId, tenantId, unsupportedParams: unsupportedParamsOf(key) };
}

function isUsable({ revokedAt, expiresAt }: StoredKey): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt.getTime() > Date.now());
}
