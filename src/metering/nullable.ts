// Values that may be missing, as this room's objects show them.
import { toDollars } from '../inference/money.js';

/** What a function makes of a value, and null of null. */
export function orNull<From, To>(value: From | null, convert: (value: From) => To): To | null {
  return value === null ? null : convert(value);
}

/** Dollars, where an amount is known. */
export function dollarsOrNull(nanos: bigint | null): number | null {
  return orNull(nanos, toDollars);
}
