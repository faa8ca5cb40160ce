import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.js';
import { NodeLease } from './node-lease.service.js';
import { PrismaService } from './prisma.service.js';

let database: TestDatabase;
let prisma: PrismaService;
beforeAll(async () => {
  database = await createTestDatabase();
  prisma = new PrismaService({ url: database.url, poolSize: 2 });
});
afterAll(async () => {
  vi.restoreAllMocks();
  await prisma.$disconnect();
  await database.drop();
});

describe("a node's lease", () => {
  it('is renewed before it is relied on, also where the machine slept and only the wall clock went on (H11)', async () => {
    const lease = new NodeLease(prisma);
    const endsAt = async () => (await prisma.node.findUniqueOrThrow({ where: { id: lease.id } })).expiresAt;
    await lease.hold();
    const first = await endsAt();
    await lease.hold();
    expect(await endsAt()).toEqual(first);
    const asleep = Date.now() + 60_000;
    vi.spyOn(Date, 'now').mockReturnValue(asleep);
    await lease.hold();
    expect((await endsAt()).getTime()).toBeGreaterThan(first.getTime());
    vi.restoreAllMocks();
    await lease.release();
  });
});
