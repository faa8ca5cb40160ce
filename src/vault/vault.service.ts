// Encrypts secrets that are stored in the database, and decrypts them. Where they are stored, others know.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EncryptionKey } from '../config/encryption-keys.js';
import { ApiError } from '../errors/api-error.js';

/** AES-256 in Galois/Counter Mode, with the nonce and tag lengths that NIST SP 800-38D recommends, in bytes. */
const CIPHER = 'aes-256-gcm';
const NONCE = 12;
const TAG = 16;

/** `v<version>.<base64url of nonce, ciphertext and tag>`. */
const SEALED = /^v([1-9]\d{0,8})\.([\w-]+)$/;

/** A sealed text that cannot be opened. Says which one, and nothing of what is in it. */
export class SealError extends Error {
  override readonly name = 'SealError';

  constructor(context: string, problem: string) {
    super(`The secret of ${context} cannot be opened: ${problem}`);
  }
}

/** Seals and opens texts. */
@Injectable()
export class Vault {
  private readonly keys: ReadonlyMap<number, EncryptionKey>;
  private readonly newest: EncryptionKey | undefined;

  constructor(keys: readonly EncryptionKey[]) {
    this.keys = new Map(keys.map((key) => [key.version, key]));
    this.newest = keys.toSorted((a, b) => b.version - a.version)[0];
  }

  /**
   * The text, encrypted with the newest key.
   *
   * @param context where it will be stored, of contexts.ts: it opens nowhere else
   * @throws {ApiError} `encryption_not_configured` without a key
   */
  seal(plain: string, context: string): string {
    if (!this.newest) throw new ApiError('encryption_not_configured');
    const { version, key } = this.newest;
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG }).setAAD(Buffer.from(context));
    const parts = [nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return `v${version}.${Buffer.concat(parts).toString('base64url')}`;
  }

  /**
   * The text that was sealed for this context.
   *
   * @throws {SealError} without the key that it was sealed with, and for what was changed or sealed for elsewhere
   */
  open(sealed: string, context: string): string {
    const { version, bytes } = read(sealed, context);
    const known = this.keys.get(version);
    if (!known) throw new SealError(context, `CEREBRO_ENCRYPTION_KEYS has no version ${version}`);
    const nonce = bytes.subarray(0, NONCE);
    const decipher = createDecipheriv(CIPHER, known.key, nonce, { authTagLength: TAG })
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(-TAG));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]).toString('utf8');
    } catch {
      throw new SealError(
        context,
        `it was changed, sealed for another place, or with another key of version ${version}`,
      );
    }
  }
}

function read(sealed: string, context: string): { version: number; bytes: Buffer } {
  const [, version, text] = SEALED.exec(sealed) ?? [];
  const bytes = Buffer.from(text ?? '', 'base64url');
  if (bytes.length < NONCE + TAG) throw new SealError(context, 'it is not in the form of a sealed text');
  return { version: Number(version), bytes };
}
