import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf } from './price.js';

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
