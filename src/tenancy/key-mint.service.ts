// Makes keys: the text that its holder gets, and the row that is stored of it.
import { Injectable } from '@nestjs/common';
import { displayKey, mintKey } from '../auth/key.js';
import { KeyHasher } from '../auth/key-hasher.js';
import { newId } from '../contracts/identifier.js';
import type { MintedKey } from './key-changes.js';
import { type KeyColumns, KeysRepository } from './keys.repository.js';
import type { Write } from './writes.repository.js';

/** What is said of a key to be made. */
export type NewKey = Omit<KeyColumns, 'id' | 'hash' | 'pepperVersion' | 'display'>;

/** Makes keys. */
@Injectable()
export class KeyMint {
  constructor(
    private readonly keys: KeysRepository,
    private readonly hasher: KeyHasher,
  ) {}

  /** Makes and stores a key. A null `accountId` means its own. */
  async mint(write: Write, said: NewKey): Promise<MintedKey> {
    const key = mintKey();
    const id = newId('key_');
    const stored = await this.keys.create(write, {
      ...said,
      id,
      accountId: said.accountId ?? id,
      hash: this.hasher.hash(key),
      pepperVersion: this.hasher.version,
      display: displayKey(key),
    });
    return { key, stored, now: write.now };
  }
}
