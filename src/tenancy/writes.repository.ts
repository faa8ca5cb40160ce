// How this room writes: in one transaction, which holds the tenant's row, at one time by the database's clock.
import { Injectable } from '@nestjs/common';
import { isId } from '../contracts/identifier.js';
import type { Prisma } from '../database/client/client.js';
import { PrismaService } from '../database/prisma.service.js';
import { notFound } from './not-found.js';

/** A write that is under way. */
export interface Write {
  readonly tx: Prisma.TransactionClient;
  /** Now, by the database's clock. */
  readonly now: Date;
}

/** Runs writes. */
@Injectable()
export class Writes {
  constructor(private readonly prisma: PrismaService) {}

  /** Runs a write, whole or not at all. */
  run<Value>(act: (write: Write) => Promise<Value>): Promise<Value> {
    return this.prisma.$transaction(async (tx) => act({ tx, now: await timeOf(tx) }));
  }

  /**
   * Runs a write about one tenant, when all others about it, its keys included, are done: so none is lost, and two
   * that exclude each other do. Calls that are admitted meanwhile do not wait.
   *
   * @throws {ApiError} `not_found` for an unknown tenant, and for a deleted one
   */
  onTenant<Value>(id: string, act: (write: Write) => Promise<Value>): Promise<Value> {
    if (!isId('ten_', id)) return Promise.reject(notFound('tenant', id));
    return this.prisma.$transaction(async (tx) => {
      const locked = await tx.$executeRaw`
        SELECT FROM tenants WHERE id = ${id} AND deleted_at IS NULL FOR NO KEY UPDATE`;
      if (locked === 0) throw notFound('tenant', id);
      return act({ tx, now: await timeOf(tx) });
    });
  }

  /** Now, by the database's clock. */
  now(): Promise<Date> {
    return timeOf(this.prisma);
  }
}

/** Not a transaction's own time, which is when it began to wait for its turn. */
async function timeOf(db: Pick<Prisma.TransactionClient, '$queryRaw'>): Promise<Date> {
  const [row] = await db.$queryRaw<[{ now: Date }]>`SELECT clock_timestamp() AS now`;
  return row.now;
}
