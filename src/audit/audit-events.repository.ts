// Audit events in the database. The only file of this room that writes queries; nothing here changes an event, and the
// database lets nobody.
import { Injectable } from '@nestjs/common';
import type { AuditEvent as Row, Prisma } from '../database/client/client.js';
import { PrismaService } from '../database/prisma.service.js';
import type { AuditFilter } from './audit-event.js';

export type { Row };

/** What a statement is sent by: a transaction, of the gateway's or of one tenant's. */
export type Transaction = Pick<Prisma.TransactionClient, '$executeRaw'>;

/** Adds and reads events. */
@Injectable()
export class AuditEventsRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** Adds an event. The database numbers, dates and hashes it; until `tx` ends, no other can add one. */
  async append(tx: Transaction, entry: string): Promise<void> {
    await tx.$executeRaw`INSERT INTO audit_events (entry) VALUES (${entry})`;
  }

  /** Events after a number, in their order. */
  after(seq: bigint, take: number, filter: AuditFilter = {}): Promise<Row[]> {
    const { tenantId, actorId, action, targetId } = filter;
    return this.prisma.auditEvent.findMany({
      where: {
        seq: { gt: seq },
        ...(tenantId !== undefined && { tenantId }),
        ...(actorId !== undefined && { actorId }),
        ...(action !== undefined && { action }),
        ...(targetId !== undefined && { targetId }),
      },
      orderBy: { seq: 'asc' },
      take,
    });
  }

  /** An event's number. */
  async numberOf(id: string): Promise<bigint | undefined> {
    const row = await this.prisma.auditEvent.findUnique({ where: { id }, select: { seq: true } });
    return row?.seq;
  }
}
