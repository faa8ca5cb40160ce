// The form of an API key: `cbr_live_`, 43 base-62 digits of secret (256 bits), 6 digits of CRC-32.
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const PREFIX = 'cbr_live_';
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const FORM = new RegExp(`^${PREFIX}[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`);
const KEY_LENGTH = PREFIX.length + SECRET_LENGTH + CHECKSUM_LENGTH;

/** A new key. Shown once, never stored. */
export function mintKey(): string {
  const body = PREFIX + secret();
  return body + checksum(body);
}

/**
 * Whether a text has the form of a key, checksum included. The checksum spares the database lookups for
 * mistyped keys and lets scanners tell a key from noise; it protects nothing.
 */
export function isWellFormedKey(text: string): boolean {
  if (text.length !== KEY_LENGTH || !FORM.test(text)) return false;
  return checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/** What people recognise a key by: its prefix and last four characters. */
export function displayKey(key: string): string {
  return `${key.slice(0, PREFIX.length)}…${key.slice(-4)}`;
}

function checksum(body: string): string {
  let digits = '';
  for (let rest = crc32(body); rest > 0; rest = Math.floor(rest / 62))
    digits = DIGITS.charAt(rest % 62) + digits;
  return digits.padStart(CHECKSUM_LENGTH, '0');
}

/** 256 random bits as base-62 digits. */
function secret(): string {
  let digits = '';
  for (let rest = BigInt(`0x${randomBytes(32).toString('hex')}`); rest > 0n; rest /= 62n) {
    digits = DIGITS.charAt(Number(rest % 62n)) + digits;
  }
  return digits.padStart(SECRET_LENGTH, '0');
}
