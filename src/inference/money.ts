// Amounts of dollars as people write them, and as everything here counts them: in integer nano-dollars.

/** Nano-dollars in a dollar. */
const NANOS = 1_000_000_000n;

/** A decimal of at most nine whole digits, and nine decimals that are not zeros at its end. */
const AMOUNT = /^(\d{1,9})(?:\.(\d{1,9})0*)?$/;

/**
 * An amount of dollars, as a number or as a decimal text, exactly, in nano-dollars. A number above eight million
 * cannot tell its ninth decimal: a text can.
 *
 * @returns undefined for what is no such amount: negative, a billion or more, finer than a nano-dollar, no decimal
 */
export function parseDollars(amount: unknown): bigint | undefined {
  const [, whole, decimals = ''] = AMOUNT.exec(decimalText(amount) ?? '') ?? [];
  return whole === undefined ? undefined : BigInt(whole + decimals.padEnd(9, '0'));
}

/** Nano-dollars as dollars: the number that JSON shows. It is exact as long as 15 digits are enough. */
export function toDollars(nanos: bigint): number {
  return Number(dollarText(nanos));
}

/** Nano-dollars as dollars, all digits of them, such as `12.000000975`. */
export function dollarText(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos;
  const decimals = String(size % NANOS)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${size / NANOS}${decimals && `.${decimals}`}`;
}

/** The digits that a person wrote: a number with up to 15 of them has no other decimal of nine places. */
function decimalText(amount: unknown): string | undefined {
  if (typeof amount === 'string') return amount;
  if (typeof amount !== 'number') return undefined;
  const text = amount.toFixed(9);
  return Number(text) === amount ? text : undefined;
}
