// The names that Replicate gives to predictions and to their streams.
import { randomBytes } from 'node:crypto';

/** Without look-alikes: what Replicate's present ids are written in. */
const ID_LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';

/** RFC 4648's, in lower case. */
const BASE32_LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** A new id that matches `^[a-z0-9]{26}$`, with 130 random bits. */
export function newPredictionId(): string {
  return randomLetters(26, ID_LETTERS);
}

/** The last part of a stream's address, which nobody can guess: 52 letters of base 32. */
export function newStreamName(): string {
  return randomLetters(52, BASE32_LETTERS);
}

function randomLetters(count: number, alphabet: string): string {
  let letters = '';
  for (const byte of randomBytes(count)) letters += alphabet.charAt(byte & 31);
  return letters;
}
