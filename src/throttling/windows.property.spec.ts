// The database's counting against a model of it that is plain enough to be right.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { twoNodes, type TwoNodes } from './throttling.fixture.js';

let both: TwoNodes;
beforeAll(async () => {
  both = await twoNodes();
});
afterAll(() => both.close());

interface Charge {
  readonly key: string;
  readonly second: number;
  amount: number;
}

/** Every charge with its second; counts those of which any moment is within the last 60 s. */
class Model {
  private charges: Charge[] = [];
  take(group: readonly { key: string; cost: number; limit: number }[], second: number): boolean {
    const charges = group.map(({ key, cost }) => ({ key, second, amount: cost }));
    const fits = group.every(({ key, limit }) => {
      const own = charges.filter((charge) => charge.key === key).reduce((sum, { amount }) => sum + amount, 0);
      return this.used(key, second) + own <= limit;
    });
    if (fits) this.charges.push(...charges);
    return fits;
  }
  correct(key: string, cost: number, at: number, second: number): void {
    if (cost >= 0) return void this.charges.push({ key, second, amount: cost });
    let left = -cost;
    for (const charge of this.charges) {
      if (charge.key !== key || charge.second !== at || second - at > 60) continue;
      const taken = Math.min(left, charge.amount);
      charge.amount -= taken;
      left -= taken;
    }
  }
  used(key: string, second: number): number {
    return this.charges
      .filter((charge) => charge.key === key && second - charge.second <= 60)
      .reduce((sum, { amount }) => sum + amount, 0);
  }
}

const key = fc.constantFrom('a', 'b', 'c');
const hit = fc.record({ key, cost: fc.integer({ min: 0, max: 6 }), limit: fc.integer({ min: 0, max: 12 }) });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ take: fc.array(hit, { minLength: 1, maxLength: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      correct: key,
      cost: fc.integer({ min: -8, max: 5 }),
      ago: fc.integer({ min: 0, max: 65 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ pass: fc.integer({ min: 1, max: 40 }) }) },
);

describe('the windows', () => {
  it('count as the model does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        await both.clear();
        const model = new Model();
        // A fresh row has the second of its first write: all rows begin with one that costs nothing.
        let passed = 0;
        let turn = 0;
        for (const it of steps) {
          const { storage } = both.nodes[(turn++ % 2) as 0 | 1];
          if ('pass' in it) {
            await both.pass(it.pass);
            passed += it.pass;
          } else if ('take' in it) {
            const verdict = await storage.take(it.take);
            const second = (verdict.counts[0]?.second ?? NaN) + passed;
            expect(verdict.refused === undefined).toBe(model.take(it.take, second));
            for (const { key, used, limit, cost, fitsInMs, resetMs } of verdict.counts) {
              expect(used).toBe(model.used(key, second));
              if (used + cost <= limit) expect(fitsInMs).toBe(0);
              else if (cost > limit) expect(fitsInMs).toBeUndefined();
              else {
                // It fits then, and did not a second earlier.
                const wait = Math.ceil((fitsInMs ?? NaN) / 1000);
                expect(model.used(key, second + wait) + cost).toBeLessThanOrEqual(limit);
                expect(model.used(key, second + wait - 1) + cost).toBeGreaterThan(limit);
              }
              const reset = Math.ceil(resetMs / 1000);
              expect(model.used(key, second + reset)).toBe(0);
              if (reset > 0) expect(model.used(key, second + reset - 1)).toBeGreaterThan(0);
            }
          } else {
            const [now] = (await storage.take([{ key: 'clock', cost: 0, limit: 0 }])).counts;
            const second = (now?.second ?? NaN) + passed;
            await storage.correct([{ key: it.correct, cost: it.cost, second: second - passed - it.ago }]);
            const [then] = (await storage.take([{ key: 'clock', cost: 0, limit: 0 }])).counts;
            // In which second it was counted nobody can tell where one began meanwhile.
            fc.pre(then?.second === now?.second);
            model.correct(it.correct, it.cost, second - it.ago, second);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
