// The keys that stored secrets are encrypted with, and how a setting spells them.
import { createSecretKey, type KeyObject } from 'node:crypto';

/** One key. Neither `inspect` nor JSON shows its bytes. */
export interface EncryptionKey {
  /** Which key a sealed text was sealed with; the highest one seals. */
  readonly version: number;
  /** 256 bits. */
  readonly key: KeyObject;
}

/** One entry: a version, and 32 bytes in base64. */
const ENTRY = /^([1-9]\d{0,8}):([A-Za-z0-9+/]{43}=?)$/;

/**
 * Keys as `CEREBRO_ENCRYPTION_KEYS` spells them, such as `1:<base64>,2:<base64>`; undefined where any entry is not a
 * positive version, used once, and exactly 32 bytes.
 */
export function readEncryptionKeys(text: string): EncryptionKey[] | undefined {
  const entries = text.split(',').map((entry) => readEntry(entry.trim()));
  const keys = entries.filter((entry) => entry !== undefined);
  const versions = new Set(keys.map(({ version }) => version));
  return keys.length === entries.length && versions.size === keys.length ? keys : undefined;
}

function readEntry(entry: string): EncryptionKey | undefined {
  const [, version, base64 = ''] = ENTRY.exec(entry) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  // `Buffer.from` takes anything: only what it would write the same way was 32 bytes.
  const isWhole = bytes.length === 32 && bytes.toString('base64').startsWith(base64);
  return isWhole ? { version: Number(version), key: createSecretKey(bytes) } : undefined;
}
