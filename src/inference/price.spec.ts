import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf, mostCostOf } from './price.js';

const used = { runTimeUs: 3_600_591, promptTokens: 144, completionTokens: 207 };

describe('the cost of an answer', () => {
  it('is run time times the price of a second, in whole nano-dollars, rounded up', () => {
    expect(costOf({ nanosPerSecond: 975_000 }, used)).toBe(3_510_577n);
    expect(costOf({ nanosPerSecond: 1 }, { ...used, runTimeUs: 1 })).toBe(1n);
    expect(costOf({ nanosPerSecond: 975_000 }, { ...used, runTimeUs: 0 })).toBe(0n);
  });

  it('is tokens times their price for a model that is priced so', () => {
    const price = { nanosPerMillionPromptTokens: 50_000_000, nanosPerMillionCompletionTokens: 250_000_000 };
    expect(costOf(price, used)).toBe(144n * 50n + 207n * 250n);
  });

  it('is not known without a price, or without the amount that the price is for', () => {
    expect(costOf(undefined, used)).toBeUndefined();
    expect(costOf({}, used)).toBeUndefined();
    expect(costOf({ nanosPerSecond: 5 }, { ...used, runTimeUs: undefined })).toBeUndefined();
  });

  it('never loses a nano-dollar to rounding, however many predictions are added up (F7)', () => {
    const amounts = fc.array(fc.nat(2_000_000_000), { maxLength: 50 });
    fc.assert(
      fc.property(amounts, fc.nat(100_000_000), (runTimes, nanosPerSecond) => {
        const cost = (runTimeUs: number) => costOf({ nanosPerSecond }, { ...used, runTimeUs }) ?? -1n;
        const lines = runTimes.map(cost);
        const exact = runTimes.reduce((sum, us) => sum + BigInt(us) * BigInt(nanosPerSecond), 0n);
        const total = lines.reduce((sum, line) => sum + line, 0n) * 1_000_000n;
        expect(total >= exact && total - exact < 1_000_000n * BigInt(lines.length + 1)).toBe(true);
      }),
    );
  });
});

describe('the most that a prediction can cost', () => {
  const bounds = { timeoutMs: 60_000, promptTokens: 10, images: 2, tokenLimit: 100 };

  it('is its deadline, by the second, for a model that is priced so', () => {
    expect(mostCostOf({ nanosPerSecond: 1000 }, bounds)).toBe(61_000n);
    expect(mostCostOf({ nanosPerSecond: 1000 }, { ...bounds, timeoutMs: 1 })).toBe(6000n);
  });

  it('is its limit of tokens, or a long answer, and the prompt with its images', () => {
    const price = { nanosPerMillionPromptTokens: 1_000_000, nanosPerMillionCompletionTokens: 2_000_000 };
    expect(mostCostOf(price, bounds)).toBe(20n + 2n * 4096n + 200n);
    expect(mostCostOf(price, { ...bounds, tokenLimit: undefined })).toBe(20n + 2n * 4096n + 2n * 16_384n);
  });

  it('is not known without a price', () => {
    expect(mostCostOf(undefined, bounds)).toBeUndefined();
  });

  it('covers whatever a prediction does cost that is cancelled in time (F1)', () => {
    fc.assert(
      fc.property(
        fc.nat(1_000_000_000),
        fc.integer({ min: 1, max: 86_400_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (nanosPerSecond, timeoutMs, part) => {
          const price = { nanosPerSecond };
          const runTimeUs = Math.floor(timeoutMs * 1000 * part);
          const most = mostCostOf(price, { ...bounds, timeoutMs }) ?? -1n;
          expect(most).toBeGreaterThanOrEqual(costOf(price, { ...used, runTimeUs }) ?? 0n);
        },
      ),
    );
  });

  it('stays within what the database can add up, at any price', () => {
    const most = mostCostOf({ nanosPerSecond: 999_999_000_000_000 }, { ...bounds, timeoutMs: 86_400_000 });
    expect(most).toBeLessThan(2n ** 63n / 400n);
  });
});
