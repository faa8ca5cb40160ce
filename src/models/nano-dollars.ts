// Amounts of dollars as people write them, in integer nano-dollars.

/** A decimal of less than a million dollars with at most nine decimals that are not zeros at its end. */
const AMOUNT = /^(\d{1,6})(?:\.(\d{1,9})0*)?$/;

/**
 * An amount of dollars, exactly, in nano-dollars; undefined for what is no such amount: negative, a million
 * or more, finer than a nano-dollar, or no decimal at all.
 */
export function nanoDollars(amount: unknown): number | undefined {
  const [, whole, decimals = ''] = AMOUNT.exec(decimal(amount) ?? '') ?? [];
  // At most 15 digits, which a number holds exactly.
  return whole === undefined ? undefined : Number(whole + decimals.padEnd(9, '0'));
}

/** The digits that a person wrote: a number with up to 15 of them has no other decimal of nine places. */
function decimal(amount: unknown): string | undefined {
  if (typeof amount === 'string') return amount;
  if (typeof amount !== 'number') return undefined;
  const text = amount.toFixed(9);
  return Number(text) === amount ? text : undefined;
}
