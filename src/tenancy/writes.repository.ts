// How this room writes: in one transaction, which holds the tenant's row, at one time by the database's clock.
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { isId } from '../contracts/identifier.js';
import { notFound } from '../contracts/not-found.js';
import type { Prisma } from '../database/client/client.js';
import { databaseOptions, type DatabaseOptions } from '../database/database-options.js';
import { PrismaService } from '../database/prisma.service.js';
import { isRetryable } from '../database/retryable.js';
import { ApiError } from '../errors/api-error.js';
import { Turns } from './turns.js';

/** Writes that wait in this process for others about the same tenant; for more there is no use in waiting. */
const MOST_WAITING = 50;

/** How often a write is tried that PostgreSQL gives up for the sake of another. */
const ATTEMPTS = 3;

/** The longest pause before it is tried again, in milliseconds: whom it met has its own. */
const PAUSE = 10;

/** A write that is under way. */
export interface Write {
  readonly tx: Prisma.TransactionClient;
  /** Now, by the database's clock. */
  readonly now: Date;
}

/**
 * Runs writes. Whoever has to wait for a row holds a connection meanwhile, so writes wait for each other before they
 * take one, and never have more than half of them: the calls of other tenants need the rest.
 */
@Injectable()
export class Writes {
  private readonly turns: Turns;

  constructor(
    private readonly prisma: PrismaService,
    @Inject(databaseOptions) { poolSize }: Pick<DatabaseOptions, 'poolSize'>,
  ) {
    this.turns = new Turns({
      atOnce: Math.max(1, Math.floor(poolSize / 2)),
      waiting: MOST_WAITING,
      full: () =>
        new ApiError('concurrency_limit_exceeded', {
          message: 'Too many changes of this tenant are waiting for each other. Try again in a moment.',
          retryAfterMs: 1000,
        }),
    });
  }

  /**
   * Runs a write, whole or not at all.
   *
   * @param act is run again, from the start, where PostgreSQL has undone it for the sake of another
   */
  run<Value>(act: (write: Write) => Promise<Value>): Promise<Value> {
    return this.turns.inPlace(() => this.attempt(async (tx) => act({ tx, now: await timeOf(tx) })));
  }

  /**
   * Runs a write about one tenant, when all others about it, its keys included, are done: so none is lost, and two
   * that exclude each other do. Calls that are admitted meanwhile do not wait.
   *
   * @param act as for {@link run}
   * @throws {ApiError} `not_found` for an unknown tenant, and for a deleted one; `concurrency_limit_exceeded` where too
   *   many others wait
   */
  async onTenant<Value>(id: string, act: (write: Write) => Promise<Value>): Promise<Value> {
    if (!isId('ten_', id)) throw notFound('tenant', id);
    const lockAndAct = async (tx: Prisma.TransactionClient) => {
      const locked = await tx.$executeRaw`
        SELECT FROM tenants WHERE id = ${id} AND deleted_at IS NULL FOR NO KEY UPDATE`;
      if (locked === 0) throw notFound('tenant', id);
      return act({ tx, now: await timeOf(tx) });
    };
    return this.turns.inLine(id, () => this.attempt(lockAndAct));
  }

  /** Now, by the database's clock. */
  now(): Promise<Date> {
    return timeOf(this.prisma);
  }

  private async attempt<Value>(work: (tx: Prisma.TransactionClient) => Promise<Value>): Promise<Value> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.prisma.$transaction(work);
      } catch (error) {
        if (attempt === ATTEMPTS || !isRetryable(error)) throw error;
        await sleep(Math.random() * PAUSE);
      }
    }
  }
}

/** Not a transaction's own time, which is when it began to wait for its turn. */
async function timeOf(db: Pick<Prisma.TransactionClient, '$queryRaw'>): Promise<Date> {
  const [row] = await db.$queryRaw<[{ now: Date }]>`SELECT clock_timestamp() AS now`;
  return row.now;
}
