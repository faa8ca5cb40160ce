// Remembers looked-up keys for a short time, good and unknown ones apart, by a digest of the whole key.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { StoredKey } from './tenancy.repository.js';

/** How long a good key is trusted without another look, in milliseconds. */
const GOOD_TTL = 10_000;

/** How long an unknown key is refused without another look, in milliseconds. */
const UNKNOWN_TTL = 2000;

/** A cache in front of the table of keys; simultaneous lookups of one key share one query. */
export class KeyCache {
  private readonly good = new LRUCache<string, StoredKey>({ max: 50_000, ttl: GOOD_TTL });
  /** Apart from the good ones, so that a flood of random keys cannot push those out. */
  private readonly unknown = new LRUCache<string, true>({ max: 10_000, ttl: UNKNOWN_TTL });
  private readonly loading = new Map<string, Promise<StoredKey | undefined>>();
  /** Rises with every invalidation, so that a lookup begun before one is not kept after it. */
  private generation = 0;

  constructor(private readonly load: (credential: string) => Promise<StoredKey | undefined>) {}

  /**
   * The key that a credential is, or undefined where there is none: at once where that is remembered, else by a
   * promise, which rejects when the database does.
   */
  find(credential: string): StoredKey | undefined | Promise<StoredKey | undefined> {
    // Memory holds no credential; SHA-256 is enough here, where the HMAC's pepper would protect nothing.
    const id = hash('sha256', credential, 'base64');
    const known = this.good.get(id);
    if (known) return known;
    if (this.unknown.has(id)) return undefined;
    return this.loading.get(id) ?? this.fetch(id, credential);
  }

  /** Forgets everything, so that a change counts from the next request on. */
  clear(): void {
    this.generation++;
    this.good.clear();
    this.unknown.clear();
    this.loading.clear();
  }

  private async fetch(id: string, credential: string): Promise<StoredKey | undefined> {
    const { generation } = this;
    const pending = this.load(credential);
    this.loading.set(id, pending);
    try {
      const key = await pending;
      if (generation === this.generation) {
        if (key) this.good.set(id, key);
        else this.unknown.set(id, true);
      }
      return key;
    } finally {
      if (this.loading.get(id) === pending) this.loading.delete(id);
    }
  }
}
