import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, execute, type TestDatabase } from '../../test/support/postgres.js';
import { newId } from '../contracts/identifier.js';
import { PrismaService } from '../database/prisma.service.js';
import { Writes } from './writes.repository.js';

const POOL = 6;
const [ONE, OTHER] = [newId('ten_'), newId('ten_')];

let database: TestDatabase;
let prisma: PrismaService;
let writes: Writes;
beforeAll(async () => {
  database = await createTestDatabase();
  prisma = new PrismaService({ url: database.url, poolSize: POOL });
  writes = new Writes(prisma, { poolSize: POOL });
});
afterAll(async () => {
  await prisma.$disconnect();
  await database.drop();
});
beforeEach(() =>
  execute(
    database.url,
    `DELETE FROM tenants; INSERT INTO tenants (id, name) VALUES ('${ONE}', ''), ('${OTHER}', '')`,
  ),
);

const nameOf = async (id: string) => (await prisma.tenant.findUniqueOrThrow({ where: { id } })).name;

describe('a write', () => {
  it('that is the victim of a deadlock is done again from its start', async () => {
    const both = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()] as const;
    let attempts = 0;
    /** On a node of its own: changes its tenant, and then, when the other one has done so too, the other's. */
    const cross = (at: 0 | 1) =>
      new Writes(prisma, { poolSize: POOL }).onTenant(at === 0 ? ONE : OTHER, async ({ tx }) => {
        attempts++;
        for (const id of at === 0 ? [ONE, OTHER] : [OTHER, ONE]) {
          await tx.$executeRaw`UPDATE tenants SET name = name || ${String(at)} WHERE id = ${id}`;
          both[at].resolve(undefined);
          await both[1 - at]?.promise;
        }
        return at;
      });
    expect(await Promise.all([cross(0), cross(1)])).toEqual([0, 1]);
    expect(attempts).toBe(3);
    const names = [await nameOf(ONE), await nameOf(OTHER)];
    expect(['01', '10']).toContain(names[0]);
    expect(names[1]).toBe(names[0]);
  });

  it('is tried three times at most, and other failures are not tried again', async () => {
    for (const [error, expected] of [
      [Object.assign(new Error('deadlock'), { code: '40P01' }), 3],
      [new Error('wrong'), 1],
    ] as const) {
      let attempts = 0;
      const writing = writes.run(() => {
        attempts++;
        return Promise.reject(error);
      });
      await expect(writing).rejects.toBe(error);
      expect(attempts).toBe(expected);
    }
  });

  it('waits for others about its tenant without a connection, so that the rest of them is free', async () => {
    const open = Promise.withResolvers<undefined>();
    const [first, ...others] = Array.from({ length: 40 }, () =>
      writes.onTenant(ONE, async ({ tx }) => {
        await open.promise;
        await tx.$executeRaw`UPDATE tenants SET name = name || '.' WHERE id = ${ONE}`;
      }),
    );
    // All connections but that of the first, at the same time.
    await Promise.all(Array.from({ length: POOL - 1 }, () => prisma.$executeRaw`SELECT pg_sleep(0.2)`));
    open.resolve(undefined);
    await Promise.all([first, ...others]);
    expect(await nameOf(ONE)).toBe('.'.repeat(40));
  });

  it('has half of the connections at most with all others, whatever their tenants', async () => {
    const ids = Array.from({ length: 12 }, () => newId('ten_'));
    await prisma.tenant.createMany({ data: ids.map((id) => ({ id, name: '' })) });
    let [running, most] = [0, 0];
    await Promise.all(
      ids.map((id) =>
        writes.onTenant(id, async ({ tx }) => {
          most = Math.max(most, ++running);
          await tx.$executeRaw`SELECT pg_sleep(0.02)`;
          running--;
        }),
      ),
    );
    expect(most).toBe(POOL / 2);
  });

  it('is refused where fifty wait', async () => {
    const open = Promise.withResolvers<undefined>();
    const many = Array.from({ length: 60 }, () => writes.onTenant(ONE, () => open.promise));
    const ends = Promise.allSettled(many);
    open.resolve(undefined);
    const refused = (await ends).filter((end) => end.status === 'rejected');
    expect(refused).toHaveLength(9);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({ reason: 'concurrency_limit_exceeded', status: 429 });
    }
  });
});
