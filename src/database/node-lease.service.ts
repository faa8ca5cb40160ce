// This process among others on the same database: alive as long as it renews its lease. What a node holds in
// any table is its own until then; afterwards any other may take it over.
import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { PrismaService } from './prisma.service.js';

/** How long a node is believed to be alive after it has said so, in milliseconds. */
const LEASE = 15_000;

/** Between two renewals, in milliseconds. */
const RENEWAL = 5000;

/** A moment by both clocks. */
interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

/** The lease of this node. Times are the database's, so that clocks of nodes may differ. */
@Injectable()
export class NodeLease {
  /** A random UUID, new at every start. */
  readonly id = randomUUID();
  private readonly logger = new Logger(NodeLease.name);
  private timer: NodeJS.Timeout | undefined;
  private renewedAt: Moment = { monotonic: -Infinity, wall: -Infinity };
  private renewing: Promise<void> | undefined;
  /** Since when the lease has been renewed without a gap, by `performance.now()`. */
  private steadySince = Infinity;

  constructor(private readonly prisma: PrismaService) {}

  /**
   * Whether this node has been alive, and the database at hand, for longer than a lease lasts. Only then does a
   * lease of another that has run out say that its node is dead, and not that nobody could renew.
   */
  get isSteady(): boolean {
    return performance.now() - this.steadySince > LEASE + RENEWAL;
  }

  /**
   * Makes sure that what is written next under this node's id is not taken for a dead node's.
   *
   * @throws when the lease has run out and the database cannot renew it
   */
  async hold(): Promise<void> {
    this.timer ??= setInterval(() => void this.renewQuietly(), RENEWAL).unref();
    if (since(this.renewedAt) > LEASE / 2) await this.renew();
  }

  /** Gives up the lease, when this node holds nothing any more: others need not wait for it to run out. */
  async release(): Promise<void> {
    if (!this.timer) return;
    clearInterval(this.timer);
    await this.renewing?.catch(() => undefined);
    await this.prisma.node.deleteMany({ where: { id: this.id } }).catch(() => undefined);
  }

  private renew(): Promise<void> {
    this.renewing ??= this.write().finally(() => (this.renewing = undefined));
    return this.renewing;
  }

  private async write(): Promise<void> {
    const asked = { monotonic: performance.now(), wall: Date.now() };
    await this.prisma.$executeRaw`
      INSERT INTO nodes (id, expires_at)
      VALUES (${this.id}::uuid, now() + ${LEASE} * interval '1 millisecond')
      ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at`;
    if (since(this.renewedAt) > LEASE) this.steadySince = asked.monotonic;
    this.renewedAt = asked;
  }

  private async renewQuietly(): Promise<void> {
    await this.renew().catch((error: unknown) =>
      this.logger.warn(`this node's lease could not be renewed: ${(error as Error).message}`),
    );
    await this.prisma.$executeRaw`DELETE FROM nodes WHERE expires_at < now() - interval '1 hour'`.catch(
      () => undefined,
    );
  }
}

/**
 * Milliseconds since a moment, by the clock that says more: while a machine sleeps, or Lambda has frozen it, a
 * monotonic clock may stand still.
 */
function since({ monotonic, wall }: Moment): number {
  return Math.max(performance.now() - monotonic, Date.now() - wall);
}
