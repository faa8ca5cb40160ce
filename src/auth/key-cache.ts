// Remembers looked-up keys for a short time, good and unknown ones apart, by a digest of the whole key.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Credential } from './credentials.repository.js';

/** How long a good key is trusted without another look, in milliseconds: while changes are heard of, and while not. */
const TRUST = { hearing: 10_000, deaf: 1000 };

/** How long an unknown key is refused without another look, in milliseconds. */
const UNKNOWN_TTL = 2000;

/** How long after its last look a good key still works while the database cannot be asked, in milliseconds. */
const GRACE = 60_000;

/** After a look in vain, a key within its grace is not looked for again for so long, in milliseconds. */
const VAIN = 1000;

/** Looks at a key that changes while it is looked at. */
const LOOKS = 3;

/** What the cache is made of. */
export interface KeySource {
  /** The key that a credential is; undefined where there is none that may be used. */
  load(credential: string): Promise<Credential | undefined>;
  /** Whether changes of keys are heard of at present. */
  isHearing(): boolean;
  /** Whether a failed load says no more than that the database cannot be asked. */
  isUnavailable(error: unknown): boolean;
}

interface Entry {
  readonly credential: Credential;
  readonly expiresAt: number;
  /** Until when it needs no look, by `performance.now()`, as all moments here. */
  trustedUntil: number;
  /** Until when it works while the database cannot be asked. */
  graceUntil: number;
}

/** A cache in front of the table of keys; simultaneous lookups of one key share one query. */
export class KeyCache {
  private readonly good = new LRUCache<string, Entry>({ max: 50_000 });
  /** Apart from the good ones, so that a flood of random keys cannot push those out. */
  private readonly unknown = new LRUCache<string, true>({ max: 10_000, ttl: UNKNOWN_TTL });
  private readonly loading = new Map<string, Promise<Credential | undefined>>();
  /** Rises with every change, so that what was read before one is not kept after it. */
  private generation = 0;

  constructor(private readonly source: KeySource) {}

  /** What is known of a credential without asking anybody: the key, `unknown`, or `unheard` of. */
  recall(credential: string): Credential | 'unknown' | 'unheard' {
    const id = digest(credential);
    return this.trusted(id) ?? (this.unknown.has(id) ? 'unknown' : 'unheard');
  }

  /** Whether this credential was a good key when it was looked for last, or is being looked for. */
  hasKnown(credential: string): boolean {
    const id = digest(credential);
    return this.good.has(id) || this.loading.has(id);
  }

  /**
   * The key that a credential is, or undefined where there is none that may be used: at once where that is remembered,
   * else by a promise, which rejects when the database cannot tell and the key is not within its grace.
   */
  find(credential: string): Credential | undefined | Promise<Credential | undefined> {
    // Memory holds no credential; SHA-256 is enough here, where the HMAC's pepper would protect nothing.
    const id = digest(credential);
    const known = this.trusted(id);
    if (known) return known;
    if (this.unknown.has(id)) return undefined;
    return this.loading.get(id) ?? this.fetch(id, credential);
  }

  /**
   * A key or all keys of a tenant, by its id, or all keys, have changed: each is looked at before it works again, also
   * when the database is away. It is still told from a guess.
   */
  forget(id?: string): void {
    this.startAnew();
    for (const entry of this.good.values()) {
      const { keyId, tenantId } = entry.credential.principal;
      if (id === undefined || keyId === id || tenantId === id) entry.trustedUntil = entry.graceUntil = 0;
    }
  }

  /** Changes may have been missed: every key is looked at again, though it works on while nobody can be asked. */
  distrust(): void {
    this.startAnew();
    for (const entry of this.good.values()) entry.trustedUntil = 0;
  }

  private startAnew(): void {
    this.generation++;
    this.unknown.clear();
    this.loading.clear();
  }

  private trusted(id: string): Credential | undefined {
    const entry = this.good.get(id);
    if (!entry) return undefined;
    const now = performance.now();
    return now < entry.trustedUntil && now < entry.expiresAt ? entry.credential : undefined;
  }

  private async fetch(id: string, credential: string): Promise<Credential | undefined> {
    const pending = this.lookUntilSteady(id, credential);
    this.loading.set(id, pending);
    try {
      return await pending;
    } catch (error) {
      const entry = this.good.get(id);
      const now = performance.now();
      const isLenient = entry && now < entry.expiresAt && now < entry.graceUntil;
      if (!isLenient || !this.source.isUnavailable(error)) throw error;
      entry.trustedUntil = now + VAIN;
      return entry.credential;
    } finally {
      if (this.loading.get(id) === pending) this.loading.delete(id);
    }
  }

  /** A key that was changed while it was read is read again: what was read may be what it was before. */
  private async lookUntilSteady(id: string, credential: string): Promise<Credential | undefined> {
    for (let look = 1; ; look++) {
      const { generation } = this;
      const checkedAt = performance.now();
      const found = await this.source.load(credential);
      if (generation === this.generation) this.keep(id, found, checkedAt);
      else if (look < LOOKS) continue;
      return found;
    }
  }

  private keep(id: string, credential: Credential | undefined, checkedAt: number): void {
    if (!credential) {
      this.good.delete(id);
      this.unknown.set(id, true);
      return;
    }
    const trustedUntil = checkedAt + (this.source.isHearing() ? TRUST.hearing : TRUST.deaf);
    const expiresAt = checkedAt + (credential.expiresInMs ?? Infinity);
    this.good.set(id, { credential, expiresAt, trustedUntil, graceUntil: checkedAt + GRACE });
  }
}

function digest(credential: string): string {
  return hash('sha256', credential, 'base64');
}
