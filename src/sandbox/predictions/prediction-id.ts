// Prediction ids in Replicate's present form: 26 lower-case letters and digits, without look-alikes.
import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** A new id that matches `^[a-z0-9]{26}$`, with 130 random bits. */
export function newPredictionId(): string {
  return Array.from(randomBytes(26), (byte) => ALPHABET.charAt(byte & 31)).join('');
}
