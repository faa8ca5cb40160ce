// Replaces a key by a new one that may do the same, and is counted on the same account.
import { Injectable } from '@nestjs/common';
import { Authenticator } from '../auth/authenticator.service.js';
import { ApiError } from '../errors/api-error.js';
import type { MintedKey } from './key-changes.js';
import { KeyMint } from './key-mint.service.js';
import { successorOf } from './key-settings.js';
import { type KeyWrite, KeyWrites } from './key-writes.service.js';
import { statusOf } from './keys.mapper.js';
import { KeysRepository, type StoredKey } from './keys.repository.js';
import type { Manager } from './manager.js';

/** Rotation of keys. */
@Injectable()
export class KeyRotation {
  constructor(
    private readonly keys: KeysRepository,
    private readonly writes: KeyWrites,
    private readonly minting: KeyMint,
    private readonly authenticator: Authenticator,
  ) {}

  /**
   * Makes a key's successor. The old key ends after the grace, or when it would have ended anyway; a predecessor of
   * its own that still works ends at once, so that no more than two keys of a chain ever work.
   *
   * @param graceSeconds for how long the old key works on
   * @throws {ApiError} `not_found`, `insufficient_permissions`; `already_rotated` for a key that was replaced before;
   *   `invalid_value` for one that does not work any more
   */
  async rotate(manager: Manager, tenantId: string, id: string, graceSeconds: number): Promise<MintedKey> {
    const minted = await this.writes.onKey(manager, tenantId, id, async (old, write) => {
      checkRotatable(old, write.now);
      const successor = await this.minting.mint(write, successorOf(old));
      const graceEnd = new Date(write.now.getTime() + graceSeconds * 1000);
      const expiresAt = old.expiresAt && old.expiresAt < graceEnd ? old.expiresAt : graceEnd;
      await this.keys.update(write, tenantId, id, { rotatedTo: successor.stored.id, expiresAt });
      await this.endPredecessor(old, write);
      await this.writes.record('key.rotate', old, successor.stored, write);
      return { ...successor, predecessor: old.rotatedFrom };
    });
    const { predecessor, ...made } = minted;
    if (predecessor !== null) this.authenticator.forget(predecessor);
    return made;
  }

  /** Ends the key that the rotated one has replaced, where it is still in its grace. */
  private async endPredecessor({ tenantId, rotatedFrom }: StoredKey, write: KeyWrite): Promise<void> {
    const { tx, now } = write;
    const before = rotatedFrom === null ? null : await this.keys.find(tenantId, rotatedFrom, tx);
    if (!before || statusOf(before, now) !== 'active') return;
    const after = await this.keys.update(write, tenantId, before.id, { expiresAt: now });
    await this.writes.record('key.update', before, after, write);
  }
}

/** @throws {ApiError} `already_rotated`, `invalid_value` */
function checkRotatable(key: StoredKey, now: Date): void {
  if (key.rotatedTo !== null) throw new ApiError('already_rotated');
  const status = statusOf(key, now);
  if (status !== 'active') {
    throw new ApiError('invalid_value', {
      message: `This key is ${status}: only a key that works can be replaced.`,
    });
  }
}
