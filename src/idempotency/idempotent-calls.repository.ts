// Calls under an Idempotency-Key in the database. The only file of this room that writes queries.
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { NodeLease } from '../database/node-lease.service.js';
import { PrismaService } from '../database/prisma.service.js';
import type { StoredAnswer } from './call-end.js';

/** A call, and what it is known again by. */
export interface IdempotentCall {
  readonly tenantId: string;
  readonly key: string;
  /** Equal for a request that is sent again. */
  readonly fingerprint: Buffer;
}

/**
 * How a call begins:
 *
 * - `new`: it is the first, and owns its row under the lease.
 * - `taken over`: the same call of a node that is no more; owned now under the lease.
 * - `running`: the same call runs elsewhere.
 * - `answered`: the same call was answered so.
 * - `mismatch`: another call has the key.
 */
export type Beginning =
  | { readonly kind: 'new' | 'taken over'; readonly lease: string }
  | { readonly kind: 'running' | 'mismatch' }
  | { readonly kind: 'answered'; readonly answer: StoredAnswer };

/** How often to look again at a row that others change under our eyes. */
const ATTEMPTS = 5;

/** Rows that one statement removes. */
const BATCH = 5000;

/** Nobody's node. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

interface Row {
  readonly fingerprint: Uint8Array;
  readonly status: number | null;
  readonly answer: string | null;
  readonly lease: string;
  /** Whether the owner's node is alive. */
  readonly held: boolean;
}

/** Reads and writes calls. Keys are kept for a day, by the database's clock. */
@Injectable()
export class IdempotentCallsRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly node: NodeLease,
  ) {}

  /** Begins a call, atomically: of calls under one key at the same time one is `new` or `taken over`. */
  async begin(call: IdempotentCall): Promise<Beginning> {
    await this.node.hold();
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const lease = randomUUID();
      if (await this.insert(call, lease)) return { kind: 'new', lease };
      const row = await this.find(call);
      if (row) {
        const { status, answer } = row;
        if (!call.fingerprint.equals(row.fingerprint)) return { kind: 'mismatch' };
        if (status !== null && answer !== null) return { kind: 'answered', answer: { status, text: answer } };
        if (row.held) return { kind: 'running' };
        if (await this.takeOver(call, row.lease, lease)) return { kind: 'taken over', lease };
      }
    }
    return { kind: 'running' };
  }

  /**
   * Keeps the answer of a call that has none yet; the first counts.
   *
   * @param lease the owner's; undefined for who runs along with the owner
   */
  async keep(
    { tenantId, key, fingerprint }: IdempotentCall,
    lease: string | undefined,
    answer: StoredAnswer,
  ): Promise<void> {
    await this.prisma.idempotentCall.updateMany({
      where: {
        tenantId,
        key,
        fingerprint: new Uint8Array(fingerprint),
        status: null,
        ...(lease === undefined ? {} : { lease }),
      },
      // One JSON string: as an object its keys would be sorted, and a NUL in it refused.
      data: { status: answer.status, answer: answer.text },
    });
  }

  /** Forgets a call that has no answer, if it is still the lease's. */
  async free({ tenantId, key }: IdempotentCall, lease: string): Promise<void> {
    await this.prisma.idempotentCall.deleteMany({ where: { tenantId, key, lease, status: null } });
  }

  /** Leaves a call that has no answer to whoever comes next, if it is still the lease's. */
  async handOver({ tenantId, key }: IdempotentCall, lease: string): Promise<void> {
    await this.prisma.idempotentCall.updateMany({
      where: { tenantId, key, lease, status: null },
      data: { nodeId: NOBODY, lease: randomUUID() },
    });
  }

  /** Removes calls whose day is over. Gives their number. */
  async removeExpired(): Promise<number> {
    let total = 0;
    for (;;) {
      const removed = await this.prisma.$executeRaw`
        DELETE FROM idempotent_calls
        WHERE expires_at <= now()
          AND ctid IN (SELECT ctid FROM idempotent_calls WHERE expires_at <= now() LIMIT ${BATCH})`;
      total += removed;
      if (removed < BATCH) return total;
    }
  }

  /** False when the key has a row, unless its day is over. */
  private async insert({ tenantId, key, fingerprint }: IdempotentCall, lease: string): Promise<boolean> {
    const written = await this.prisma.$executeRaw`
      INSERT INTO idempotent_calls AS old (tenant_id, key, fingerprint, node_id, lease, expires_at)
      VALUES (${tenantId}, ${key}, ${fingerprint}, ${this.node.id}::uuid, ${lease}::uuid, now() + interval '1 day')
      ON CONFLICT (tenant_id, key) DO UPDATE
      SET fingerprint = excluded.fingerprint, node_id = excluded.node_id, lease = excluded.lease,
          status = NULL, answer = NULL, created_at = now(), expires_at = excluded.expires_at
      WHERE old.expires_at <= now()`;
    return written === 1;
  }

  private async find({ tenantId, key }: IdempotentCall): Promise<Row | undefined> {
    const [row] = await this.prisma.$queryRaw<Row[]>`
      SELECT c.fingerprint, c.status, c.answer, c.lease, n.id IS NOT NULL AS held
      FROM idempotent_calls c
      LEFT JOIN nodes n ON n.id = c.node_id AND n.expires_at > now()
      WHERE c.tenant_id = ${tenantId} AND c.key = ${key} AND c.expires_at > now()`;
    return row;
  }

  private async takeOver(
    { tenantId, key }: IdempotentCall,
    oldLease: string,
    lease: string,
  ): Promise<boolean> {
    const written = await this.prisma.$executeRaw`
      UPDATE idempotent_calls
      SET node_id = ${this.node.id}::uuid, lease = ${lease}::uuid, expires_at = now() + interval '1 day'
      WHERE tenant_id = ${tenantId} AND key = ${key} AND lease = ${oldLease}::uuid AND status IS NULL`;
    return written === 1;
  }
}
