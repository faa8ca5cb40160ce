// From what is said of a key to its columns.
import type { Limits } from '../inference/limits.js';
import { ApiError } from '../errors/api-error.js';
import type { KeyChanges, KeyOptions } from './key-changes.js';
import type { NewKey } from './key-mint.service.js';
import type { KeyChangeColumns, StoredKey } from './keys.repository.js';
import { LIMITS } from './limit-names.js';
import type { LimitChanges } from './limits.mapper.js';

/** What a key has from the key that makes it. */
export interface Inheritance {
  /** Limits that it has where nobody speaks of them; null is no limit. */
  readonly limits: Limits;
  /** What its limits are counted under; null: its own id. */
  readonly accountId: string | null;
}

/**
 * What a managing key hands down. A limited one hands down its account too: all keys that come of it are counted
 * together, so that making keys makes no room.
 */
export function inheritanceOf(limits: Limits, accountId: string): Inheritance {
  const isLimited = Object.values(limits).some((limit) => limit !== undefined);
  return { limits, accountId: isLimited ? accountId : null };
}

/** A key to be made. It has the scope `inference` where nobody says. */
export function newKey(tenantId: string, options: KeyOptions, inherited: Inheritance): NewKey {
  return {
    tenantId,
    accountId: inherited.accountId,
    rotatedFrom: null,
    name: options.name,
    scopes: [...(options.scopes ?? ['inference'])],
    models: [...(options.models ?? [])],
    expiresAt: options.expiresAt ?? null,
    ipAllowlist: [...(options.ipAllowlist ?? [])],
    unsupportedParams: options.unsupportedParams ?? null,
    ...limitColumns(options.limits ?? {}, inherited.limits),
  };
}

/** A key that takes another one's place: the same in everything, and counted on the same account. */
export function successorOf(old: StoredKey): NewKey {
  const { id, tenantId, accountId, name, scopes, models, expiresAt, ipAllowlist, unsupportedParams } = old;
  const { requestsPerMinute, tokensPerMinute, maxConcurrency, monthlyBudgetNanos, totalBudgetNanos } = old;
  return {
    tenantId,
    accountId: accountId ?? id,
    rotatedFrom: id,
    ...{ name, scopes, models, expiresAt, ipAllowlist, unsupportedParams },
    ...{ requestsPerMinute, tokensPerMinute, maxConcurrency, monthlyBudgetNanos, totalBudgetNanos },
  };
}

/** What changes of a key's row; undefined columns stay. */
export function toKeyColumns(changes: KeyChanges): KeyChangeColumns {
  return {
    name: changes.name,
    scopes: changes.scopes && [...changes.scopes],
    models: listed(changes.models),
    expiresAt: changes.expiresAt,
    ipAllowlist: listed(changes.ipAllowlist),
    unsupportedParams: changes.unsupportedParams,
    ...changes.limits,
  };
}

/**
 * Checks that an end is still to come.
 *
 * @param now by the database's clock
 * @throws {ApiError} `invalid_value`
 */
export function checkEnd(expiresAt: Date | null | undefined, now: Date): void {
  if (!expiresAt || expiresAt > now) return;
  throw new ApiError('invalid_value', {
    param: 'expires_at',
    message: "Invalid value for 'expires_at': expected a time that is still to come.",
  });
}

/**
 * Checks that a key which was replaced does not get more time.
 *
 * @throws {ApiError} `already_rotated`
 */
export function checkReplaced(key: StoredKey, expiresAt: Date | null | undefined): void {
  if (key.rotatedTo === null || expiresAt === undefined) return;
  if (expiresAt === null || (key.expiresAt && expiresAt > key.expiresAt)) {
    throw new ApiError('already_rotated', { param: 'expires_at' });
  }
}

function limitColumns(said: LimitChanges, inherited: Limits) {
  const limits = Object.fromEntries(
    LIMITS.map((name) => [name, said[name] === undefined ? inherited[name] : said[name]]),
  ) as LimitChanges;
  return {
    requestsPerMinute: limits.requestsPerMinute ?? null,
    tokensPerMinute: limits.tokensPerMinute ?? null,
    maxConcurrency: limits.maxConcurrency ?? null,
    monthlyBudgetNanos: limits.monthlyBudgetNanos ?? null,
    totalBudgetNanos: limits.totalBudgetNanos ?? null,
  };
}

/** An empty list in a row is everything. */
function listed(list: readonly string[] | null | undefined): string[] | undefined {
  return list === undefined ? undefined : [...(list ?? [])];
}
