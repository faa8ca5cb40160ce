// Remembers for a short time which tenants have an account of their own, and which have none.
import { LRUCache } from 'lru-cache';
import type { UpstreamAccount } from '../inference/upstream-account.js';

/** Tenants that are remembered, least lately used forgotten first. */
const MAX_TENANTS = 10_000;

/** How long an answer is good, in milliseconds: while changes are heard of, and while not. */
const LIFE = { hearing: 60_000, deaf: 1000 };

/** What the cache is made of. */
export interface AccountSource {
  /** A tenant's own account; undefined where it has none. */
  load(tenantId: string): Promise<UpstreamAccount | undefined>;
  /** Whether changes are heard of at present. */
  isHearing(): boolean;
  /** Told of every look, for metrics. */
  onLookup?(result: 'hit' | 'miss'): void;
}

/** What is known of a tenant. */
interface Entry {
  readonly account: UpstreamAccount | undefined;
  /** By `performance.now()`. */
  readonly goodUntil: number;
}

/** A cache in front of tenants' tokens; lookups of one tenant at the same time share one query. */
export class AccountCache {
  private readonly entries = new LRUCache<string, Entry>({ max: MAX_TENANTS });
  private readonly loading = new Map<string, Promise<UpstreamAccount | undefined>>();

  constructor(private readonly source: AccountSource) {}

  /** A tenant's own account; undefined where it has none. Rejects as the source does. */
  find(tenantId: string): Promise<UpstreamAccount | undefined> {
    const known = this.entries.get(tenantId);
    const isGood = known !== undefined && performance.now() < known.goodUntil;
    this.source.onLookup?.(isGood ? 'hit' : 'miss');
    if (isGood) return Promise.resolve(known.account);
    return this.loading.get(tenantId) ?? this.fetch(tenantId);
  }

  /** Forgets a tenant, or all: what is read from now on counts, and what is being read is not kept. */
  forget(tenantId?: string): void {
    if (tenantId === undefined) {
      this.entries.clear();
      this.loading.clear();
    } else {
      this.entries.delete(tenantId);
      this.loading.delete(tenantId);
    }
  }

  private async fetch(tenantId: string): Promise<UpstreamAccount | undefined> {
    const pending = this.source.load(tenantId);
    this.loading.set(tenantId, pending);
    const isCurrent = (): boolean => this.loading.get(tenantId) === pending;
    try {
      const account = await pending;
      const life = this.source.isHearing() ? LIFE.hearing : LIFE.deaf;
      if (isCurrent()) this.entries.set(tenantId, { account, goodUntil: performance.now() + life });
      return account;
    } finally {
      if (isCurrent()) this.loading.delete(tenantId);
    }
  }
}
