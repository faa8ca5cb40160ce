// Finds out who is calling from the Authorization header alone.
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { LiveSecrets } from '../config/live-secrets.service.js';
import { CREDENTIALS_CHANNEL } from '../database/channels.js';
import { Notifications } from '../database/notifications.service.js';
import { isDatabaseUnavailable } from '../database/unavailable.js';
import { ApiError } from '../errors/api-error.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { FailedAttempts } from '../throttling/failed-attempts.service.js';
import { type Credential, CredentialsRepository } from './credentials.repository.js';
import { isWellFormedKey } from './key.js';
import { KeyCache } from './key-cache.js';
import { KeyHasher } from './key-hasher.js';
import { KeyPeppers } from './key-peppers.service.js';
import { KeyUses } from './key-uses.service.js';
import type { Principal } from './principal.js';

/** RFC 6750's scheme, in any case; no key of ours or of an operator has spaces or control characters. */
const BEARER = /^bearer +([\x21-\x7e]{1,512})$/i;

/** Checks credentials. */
@Injectable()
export class Authenticator implements OnModuleDestroy {
  private readonly cache: KeyCache;
  private readonly stopListening: (() => void)[];

  constructor(
    private readonly hasher: KeyHasher,
    repository: CredentialsRepository,
    private readonly failures: FailedAttempts,
    private readonly uses: KeyUses,
    peppers: KeyPeppers,
    notifications: Notifications,
    private readonly secrets: LiveSecrets,
    private readonly telemetry: Telemetry,
  ) {
    this.cache = new KeyCache({
      load: async (credential) => {
        const found = await repository.findUsable(hasher.hashes(credential));
        if (!found) return undefined;
        peppers.note(credential, found);
        return { principal: found.principal, expiresInMs: found.expiresInMs };
      },
      isHearing: () => notifications.isListening,
      isUnavailable: isDatabaseUnavailable,
    });
    this.stopListening = [
      notifications.on(CREDENTIALS_CHANNEL, (id) => this.cache.forget(id)),
      notifications.onReset(() => this.cache.distrust()),
    ];
  }

  onModuleDestroy(): void {
    for (const stop of this.stopListening) stop();
  }

  /**
   * The caller that an Authorization header names: at once where the key is remembered, which costs no promise on
   * the way of every request.
   *
   * @param ip where the request comes from
   * @param isAgain whether the same request was authenticated before: its looks into the cache count as one
   * @throws {ApiError} `missing_api_key` without a credential; `invalid_api_key`, in the same words, for a malformed,
   *   unknown, revoked or expired one; `too_many_failures` to an address that brings too many of these, also with a
   *   good key while another one that is new here is looked for; `database_unavailable` when nobody can tell
   */
  authenticate(
    authorization: string | undefined,
    ip: string,
    isAgain = false,
  ): Principal | Promise<Principal> {
    if (authorization === undefined || authorization.trim() === '') throw new ApiError('missing_api_key');
    const credential = BEARER.exec(authorization)?.[1];
    if (credential === undefined) return this.refuse(ip);
    if (isWellFormedKey(credential)) return this.tenantKey(credential, ip, isAgain);
    const adminKey = this.secrets.get('adminKey');
    if (adminKey !== undefined && this.hasher.equal(credential, adminKey)) return { kind: 'admin' };
    return this.refuse(ip);
  }

  /** Forgets what is remembered of a key or a tenant, by its id, or of all; called after it has changed. */
  forget(id?: string): void {
    this.cache.forget(id);
  }

  private tenantKey(credential: string, ip: string, isAgain: boolean): Principal | Promise<Principal> {
    const known = this.cache.recall(credential);
    const result = known === 'unheard' ? 'miss' : 'hit';
    if (!isAgain) this.telemetry.metrics.cacheLookups.inc({ cache: 'keys', result });
    if (known === 'unknown') return this.refuse(ip);
    if (known !== 'unheard') return this.welcome(known);
    const found = this.find(credential, ip);
    const judge = (key: Credential | undefined) => (key ? this.welcome(key) : this.refuse(ip));
    return found instanceof Promise ? found.then(judge) : judge(found);
  }

  /** A good key that is looked at again is no guess. Any other may be, and costs a query. */
  private find(credential: string, ip: string): ReturnType<KeyCache['find']> {
    if (this.cache.hasKnown(credential) || this.failures.blockedForMs(ip) === undefined) {
      return this.cache.find(credential);
    }
    const giveBack = this.failures.takePlace(ip);
    if (!giveBack) return this.refuse(ip);
    return Promise.resolve(this.cache.find(credential)).finally(giveBack);
  }

  private welcome({ principal }: Credential): Principal {
    this.uses.note(principal.keyId);
    return principal;
  }

  private refuse(ip: string): never {
    this.refuseIfBlocked(ip);
    this.failures.note(ip);
    throw new ApiError('invalid_api_key');
  }

  private refuseIfBlocked(ip: string): void {
    const retryAfterMs = this.failures.blockedForMs(ip);
    if (retryAfterMs !== undefined) throw new ApiError('too_many_failures', { retryAfterMs });
  }
}
