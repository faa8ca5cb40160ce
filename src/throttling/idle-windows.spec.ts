import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IdleWindows } from './idle-windows.service.js';
import { twoNodes, type TwoNodes } from './throttling.fixture.js';

let both: TwoNodes;
beforeAll(async () => {
  both = await twoNodes();
});
afterAll(() => both.close());

const keys = async () => {
  const rows = await both.nodes[0].prisma.$queryRaw<
    { key: string }[]
  >`SELECT key FROM rate_windows ORDER BY key`;
  return rows.map(({ key }) => key);
};

describe('a sweep', () => {
  it('deletes windows that nobody has counted in for long, however many, and no others', async () => {
    const { storage, windows, prisma } = both.nodes[0];
    const old = Array.from({ length: 1500 }, (_, index) => ({ key: `old${index}`, cost: 1, limit: 1 }));
    await storage.take(old);
    await both.pass(601);
    await storage.take([{ key: 'new', cost: 1, limit: 1 }]);
    await prisma.$executeRaw`UPDATE rate_windows SET second = second + 300 WHERE key = 'old7'`;
    await new IdleWindows(windows).sweep();
    expect(await keys()).toEqual(['new', 'old7']);
  });

  it('does not lose a hit that comes at the same time', async () => {
    const { storage, windows } = both.nodes[1];
    for (let round = 0; round < 30; round++) {
      await both.clear();
      await storage.take([{ key: 'a', cost: 1, limit: 9 }]);
      await both.pass(700);
      await Promise.all([
        windows.removeIdle(600_000),
        both.nodes[0].storage.take([{ key: 'a', cost: 1, limit: 9 }]),
      ]);
      const { counts } = await storage.take([{ key: 'a', cost: 0, limit: 9 }]);
      expect(counts[0]?.used).toBe(1);
    }
  });
});
