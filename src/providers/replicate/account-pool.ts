// The providers of tenants' own accounts: one for each that was used lately, and for each that is in use.
import type { UpstreamAccount } from '../../inference/upstream-account.js';
import type { ReplicateProvider } from './replicate.provider.js';

/** Accounts that are kept while nobody uses them, least lately used dropped first. */
const MAX_IDLE = 100;

/** What a pool asks of a provider. */
export type PooledProvider = Pick<ReplicateProvider, 'onModuleDestroy' | 'onApplicationShutdown' | 'retire'>;

interface Entry<Provider> {
  readonly provider: Provider;
  users: number;
}

/** Providers by account. */
export class AccountPool<Provider extends PooledProvider = ReplicateProvider> {
  /** Least lately used first. */
  private readonly entries = new Map<string, Entry<Provider>>();
  /** Dropped, and still hearing out what they have sent. */
  private readonly retiring = new Set<Provider>();

  /** @param connect makes the provider of an account */
  constructor(
    private readonly connect: (account: UpstreamAccount) => Provider,
    private readonly maxIdle = MAX_IDLE,
  ) {}

  /** Uses an account's provider, which is made where there is none. It stays at least until that is over. */
  async use<Value>(account: UpstreamAccount, act: (provider: Provider) => Promise<Value>): Promise<Value> {
    const entry = this.enter(account);
    try {
      return await act(entry.provider);
    } finally {
      entry.users -= 1;
      this.dropIdle();
    }
  }

  /** Tells everybody who waits for any account that the wait is over. */
  stop(): void {
    for (const { provider } of this.entries.values()) provider.onModuleDestroy();
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    const all = [...[...this.entries.values()].map(({ provider }) => provider), ...this.retiring];
    this.entries.clear();
    await Promise.all(all.map((provider) => provider.onApplicationShutdown()));
  }

  private enter(account: UpstreamAccount): Entry<Provider> {
    const entry = this.entries.get(account.id) ?? { provider: this.connect(account), users: 0 };
    this.entries.delete(account.id);
    this.entries.set(account.id, entry);
    entry.users += 1;
    return entry;
  }

  private dropIdle(): void {
    if (this.entries.size <= this.maxIdle) return;
    const idle = [...this.entries].filter(([, { users }]) => users === 0);
    for (const [id, { provider }] of idle.slice(0, Math.max(0, idle.length - this.maxIdle))) {
      this.entries.delete(id);
      this.retire(provider);
    }
  }

  /** Whoever hung up has left a create behind, whose answer still tells what it has started. */
  private retire(provider: Provider): void {
    this.retiring.add(provider);
    void provider.retire().finally(() => this.retiring.delete(provider));
  }
}
