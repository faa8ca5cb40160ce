// Prices of models as people write them, in integer nano-dollars.
import { parseDollars } from '../inference/money.js';

/** No price is as high, in nano-dollars; below it every amount is a number that is exact. */
const A_MILLION_DOLLARS = 1_000_000_000_000_000n;

/**
 * An amount of dollars, exactly, in nano-dollars; undefined for what is no such amount: negative, a million
 * or more, finer than a nano-dollar, or no decimal at all.
 */
export function nanoDollars(amount: unknown): number | undefined {
  const nanos = parseDollars(amount);
  return nanos === undefined || nanos >= A_MILLION_DOLLARS ? undefined : Number(nanos);
}
