// Keys between the admin API, the domain and the database.
import { toLimits } from '../auth/credentials.repository.js';
import { parseTimestamp } from '../contracts/checks.js';
import { SCOPES } from '../contracts/requires.decorator.js';
import { UNSUPPORTED_PARAMS } from '../inference/call.js';
import { normalCidr } from '../contracts/cidr.js';
import type { Grant } from './grant.js';
import type { JudgedKey, KeyChanges, KeyOptions, MintedKey } from './key-changes.js';
import type { ApiKeyObject, CreatedApiKeyObject, CreateKey, KeyStatus, UpdateKey } from './keys.contract.js';
import type { StoredKey } from './keys.repository.js';
import type { LimitName } from './limit-names.js';
import { toLimitChanges, toLimitsObject } from './limits.mapper.js';
import { unixSeconds } from '../contracts/unix-seconds.js';

/** The columns that make a key stronger or weaker. */
type GrantColumns = Pick<StoredKey, 'scopes' | 'models' | 'expiresAt' | 'ipAllowlist' | LimitName>;

/** What a caller says of a new key. */
export function toKeyOptions(body: CreateKey): KeyOptions {
  return { ...toKeyChanges(body), name: body.name };
}

/** What a caller wants changed. The contract has checked every part. */
export function toKeyChanges(body: CreateKey | UpdateKey): KeyChanges {
  const { expires_at: expiry, ip_allowlist: ranges } = body;
  return {
    name: body.name ?? undefined,
    scopes: body.scopes ?? undefined,
    models: body.models,
    expiresAt: expiry == null ? expiry : parseTimestamp(expiry),
    ipAllowlist: ranges && [...new Set(ranges.flatMap((range) => normalCidr(range) ?? []))],
    limits: toLimitChanges(body.limits),
    unsupportedParams: body.unsupported_params,
  };
}

/** What a key may do. */
export function toGrant(key: GrantColumns): Grant {
  const { models, expiresAt, ipAllowlist } = key;
  return { scopes: scopesOf(key), models, expiresAt, ipAllowlist, limits: toLimits(key) };
}

/** Whether a key works, at a time by the database's clock. */
export function statusOf({ revokedAt, expiresAt }: StoredKey, now: Date): KeyStatus {
  if (revokedAt) return 'revoked';
  return expiresAt && expiresAt <= now ? 'expired' : 'active';
}

/** A key as the admin API shows it. */
export function toKeyObject({ stored: key, now }: JudgedKey): ApiKeyObject {
  return {
    id: key.id,
    object: 'api_key',
    tenant_id: key.tenantId,
    name: key.name,
    display: key.display,
    status: statusOf(key, now),
    scopes: scopesOf(key),
    models: nullIfEmpty(key.models),
    ip_allowlist: nullIfEmpty(key.ipAllowlist),
    limits: toLimitsObject(toLimits(key)),
    unsupported_params: UNSUPPORTED_PARAMS.find((value) => value === key.unsupportedParams) ?? null,
    created_at: unixSeconds(key.createdAt),
    expires_at: key.expiresAt && unixSeconds(key.expiresAt),
    revoked_at: key.revokedAt && unixSeconds(key.revokedAt),
    last_used_at: key.lastUsedAt && unixSeconds(key.lastUsedAt),
    rotated_from: key.rotatedFrom,
    rotated_to: key.rotatedTo,
  };
}

/** A new key as the admin API shows it, this once with the key. */
export function toCreatedKeyObject(minted: MintedKey): CreatedApiKeyObject {
  return { ...toKeyObject(minted), key: minted.key };
}

function scopesOf({ scopes }: Pick<StoredKey, 'scopes'>): ApiKeyObject['scopes'] {
  return SCOPES.filter((scope) => scopes.includes(scope));
}

function nullIfEmpty(list: string[]): string[] | null {
  return list.length === 0 ? null : list;
}
