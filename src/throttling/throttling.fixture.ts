// Nodes that count in one database, for specs of limits.
import { PrismaService } from '../database/prisma.service.js';
import { createTestDatabase, execute } from '../../test/support/postgres.js';
import { PostgresThrottlerStorage } from './postgres-throttler.storage.js';
import { RateWindowsRepository } from './rate-windows.repository.js';

/** One node. */
export interface ThrottlingNode {
  readonly storage: PostgresThrottlerStorage;
  readonly windows: RateWindowsRepository;
  readonly prisma: PrismaService;
}

/** Two nodes on a database of their own. */
export interface TwoNodes {
  readonly nodes: readonly [ThrottlingNode, ThrottlingNode];
  /** Makes all that was counted so many seconds older; negative: the clock is set back by so many. */
  pass(seconds: number): Promise<void>;
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Starts them. */
export async function twoNodes(): Promise<TwoNodes> {
  const database = await createTestDatabase();
  const nodes = [nodeOn(database.url), nodeOn(database.url)] as const;
  return {
    nodes,
    pass: (seconds) => execute(database.url, `UPDATE rate_windows SET second = second - (${seconds})`),
    clear: () => execute(database.url, 'DELETE FROM rate_windows'),
    close: async () => {
      for (const { prisma } of nodes) await prisma.$disconnect();
      await database.drop();
    },
  };
}

function nodeOn(url: string): ThrottlingNode {
  const prisma = new PrismaService({ url, poolSize: 4 });
  const windows = new RateWindowsRepository(prisma);
  return { prisma, windows, storage: new PostgresThrottlerStorage(windows) };
}
