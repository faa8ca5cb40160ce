import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, execute, type TestDatabase } from '../../test/support/postgres.js';
import { Batch } from './batch.js';
import { PrismaService } from './prisma.service.js';
import { isRetryable } from './retryable.js';
import { isDatabaseUnavailable } from './unavailable.js';

let database: TestDatabase;
let prisma: PrismaService;
beforeAll(async () => {
  database = await createTestDatabase();
  prisma = new PrismaService({ url: database.url, poolSize: 4 });
  await execute(database.url, `INSERT INTO tenants (id, name) VALUES ('ten_a', ''), ('ten_b', '')`);
});
afterAll(async () => {
  await prisma.$disconnect();
  await database.drop();
});

type Transaction = Parameters<Parameters<PrismaService['$transaction']>[0]>[0];
type Touch = (transaction: Pick<Transaction, 'tenant' | '$executeRaw'>, id: string) => Promise<unknown>;

const byModel: Touch = (transaction, id) =>
  transaction.tenant.update({ where: { id }, data: { name: 'touched' } });
const byStatement: Touch = (transaction, id) =>
  transaction.$executeRaw`UPDATE tenants SET name = 'touched' WHERE id = ${id}`;

/** Two transactions that touch the same two rows the other way around. Gives what the victim was told. */
async function deadlock(touch: Touch): Promise<unknown> {
  const [one, two] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  const cross = (order: readonly [string, string], mine: typeof one, other: typeof one) =>
    prisma.$transaction(async (transaction) => {
      await touch(transaction, order[0]);
      mine.resolve(undefined);
      await other.promise;
      await touch(transaction, order[1]);
    });
  const ends = await Promise.allSettled([
    cross(['ten_a', 'ten_b'], one, two),
    cross(['ten_b', 'ten_a'], two, one),
  ]);
  const victims = ends.filter((end) => end.status === 'rejected');
  expect(victims).toHaveLength(1);
  return victims[0]?.reason;
}

/** A transaction that read what another has changed since. */
async function conflict(touch: Touch): Promise<unknown> {
  const end = prisma.$transaction(
    async (transaction) => {
      await transaction.$queryRaw`SELECT name FROM tenants`;
      await touch(prisma, 'ten_a');
      await touch(transaction, 'ten_a');
    },
    { isolationLevel: 'Serializable' },
  );
  return end.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('isRetryable', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['a deadlock of models', () => deadlock(byModel)],
    ['a deadlock of statements', () => deadlock(byStatement)],
    ['a serialization failure of a model', () => conflict(byModel)],
    ['a serialization failure of a statement', () => conflict(byStatement)],
  ])('recognises %s, as PostgreSQL and Prisma tell it (H4)', async (_, provoke) => {
    const error = await provoke();
    expect(error).toBeInstanceOf(Error);
    expect(isRetryable(error)).toBe(true);
    expect(isDatabaseUnavailable(error)).toBe(false);
  });

  it('does not mistake a broken rule, a wrong statement or nothing for it', async () => {
    const errors = await Promise.allSettled([
      prisma.tenant.create({ data: { id: 'ten_a', name: '' } }),
      prisma.$queryRaw`SELECT nonsense`,
    ]);
    for (const end of errors)
      expect([end.status, isRetryable((end as PromiseRejectedResult).reason)]).toEqual(['rejected', false]);
    for (const value of [undefined, null, '40P01', new Error('deadlock detected')])
      expect(isRetryable(value)).toBe(false);
  });
});

describe('a batch', () => {
  it('gets over a real deadlock: both sides write (H4)', async () => {
    let attempts = 0;
    const met = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()] as const;
    const batchOf = (side: 0 | 1) =>
      new Batch<readonly [string, string], undefined>(
        async ([order]) => {
          attempts++;
          await prisma.$transaction(async (transaction) => {
            if (order) await byStatement(transaction, order[0]);
            met[side].resolve(undefined);
            await met[1 - side]?.promise;
            if (order) await byStatement(transaction, order[1]);
          });
          return [undefined];
        },
        () => false,
      );
    await Promise.all([batchOf(0).add(['ten_a', 'ten_b']), batchOf(1).add(['ten_b', 'ten_a'])]);
    expect(attempts).toBe(3);
  });
});
