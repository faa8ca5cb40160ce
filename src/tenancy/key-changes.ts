// What is said of keys when they are made and changed.
import type { Scope } from '../contracts/requires.decorator.js';
import type { UnsupportedParams } from '../inference/call.js';
import type { LimitChanges } from './limits.mapper.js';
import type { StoredKey } from './keys.repository.js';

/** What is to change of a key; what is undefined stays, and null removes. */
export interface KeyChanges {
  /** For people. */
  readonly name?: string | undefined;
  readonly scopes?: readonly Scope[] | undefined;
  /** Null: all models that the gateway allows. */
  readonly models?: readonly string[] | null | undefined;
  /** Null: it works until it is revoked. */
  readonly expiresAt?: Date | null | undefined;
  /** Null: it works from every address. */
  readonly ipAllowlist?: readonly string[] | null | undefined;
  readonly limits?: LimitChanges;
  /** What becomes of parameters that a model lacks; null: what holds for the gateway. */
  readonly unsupportedParams?: UnsupportedParams | null | undefined;
}

/** What is said of a key at its creation. */
export interface KeyOptions extends KeyChanges {
  readonly name: string;
}

/** A key with whether it works, by the database's clock at the time of reading. */
export interface JudgedKey {
  readonly stored: StoredKey;
  readonly now: Date;
}

/** A key at its creation, the only time that it is known. */
export interface MintedKey extends JudgedKey {
  readonly key: string;
}
