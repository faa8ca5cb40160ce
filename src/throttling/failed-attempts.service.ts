// Counts wrong credentials by the address they come from, over all nodes, and remembers who has brought too many.
import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { SettingsService } from '../config/config.module.js';
import { networkOf } from './network.js';
import { PostgresThrottlerStorage } from './postgres-throttler.storage.js';

/** Networks that are remembered as blocked. Who is forgotten is blocked again with the next wrong credential. */
const MOST_BLOCKED = 50_000;

/** Failed attempts by address; an IPv6 address counts with its whole /64. */
@Injectable()
export class FailedAttempts {
  private readonly logger = new Logger(FailedAttempts.name);
  private readonly limit: number;
  /** When each block ends, by `performance.now()`. */
  private readonly blocked = new LRUCache<string, number>({ max: MOST_BLOCKED });
  /** Attempts that are on their way to the database. */
  private readonly waiting = new Map<string, number>();
  /** Networks whose place is taken. */
  private readonly taken = new Set<string>();

  constructor(
    private readonly storage: PostgresThrottlerStorage,
    settings: SettingsService,
  ) {
    this.limit = settings.get('failedAuthPerMinute', { infer: true });
  }

  /** For how long an address has to be refused, in milliseconds; undefined where it has not. */
  blockedForMs(ip: string): number | undefined {
    // Nearly always, and asked with many requests.
    if (this.blocked.size === 0) return undefined;
    const network = networkOf(ip);
    const leftMs = (this.blocked.get(network) ?? 0) - performance.now();
    if (leftMs > 0) return Math.ceil(leftMs);
    this.blocked.delete(network);
    return undefined;
  }

  /**
   * Takes the one place of an address for looking at a credential that may be a guess. With it those with good keys
   * get through who share a blocked address, and the database has no more of its guesses than one at a time.
   *
   * @returns a function that gives it back; undefined where it is taken
   */
  takePlace(ip: string): (() => void) | undefined {
    const network = networkOf(ip);
    if (this.taken.has(network)) return undefined;
    this.taken.add(network);
    return () => void this.taken.delete(network);
  }

  /**
   * Notes a failed attempt. Returns at once; with the last one that the limit leaves room for, the address is blocked
   * until there is room for another. A database that is away counts nothing: that must not stop those with good keys.
   */
  note(ip: string): void {
    const network = networkOf(ip);
    const waiting = this.waiting.get(network) ?? 0;
    // So many say enough, however long the database takes for them.
    if (waiting >= this.limit || this.blockedForMs(ip) !== undefined) return;
    this.waiting.set(network, waiting + 1);
    this.count(network)
      .catch((error: unknown) => {
        this.logger.debug(`a failed attempt was not counted: ${(error as Error).message}`);
      })
      .finally(() => this.forget(network));
  }

  private forget(network: string): void {
    const others = (this.waiting.get(network) ?? 1) - 1;
    if (others > 0) this.waiting.set(network, others);
    else this.waiting.delete(network);
  }

  private async count(network: string): Promise<void> {
    const { counts } = await this.storage.take([{ key: `fail:${network}`, cost: 1, limit: this.limit }]);
    const waitMs = counts[0]?.fitsInMs ?? 0;
    if (waitMs > 0) this.blocked.set(network, performance.now() + waitMs);
  }
}
