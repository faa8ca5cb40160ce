// From stored tenants and keys to the admin API's objects.
import type { ApiKeyObject, CreatedApiKeyObject, TenantObject } from './admin.contract.js';
import { type StoredKey, type StoredTenant, unsupportedParamsOf } from './tenancy.repository.js';
import type { MintedKey } from './tenancy.service.js';

/** A tenant as the admin API shows it. */
export function toTenantObject({ id, name, createdAt }: StoredTenant): TenantObject {
  return { id, object: 'tenant', name, created_at: seconds(createdAt) };
}

/** A key as the admin API shows it. */
export function toKeyObject(key: StoredKey): ApiKeyObject {
  return {
    id: key.id,
    object: 'api_key',
    tenant_id: key.tenantId,
    name: key.name,
    display: key.display,
    created_at: seconds(key.createdAt),
    expires_at: key.expiresAt && seconds(key.expiresAt),
    revoked_at: key.revokedAt && seconds(key.revokedAt),
    unsupported_params: unsupportedParamsOf(key) ?? null,
  };
}

/** A new key as the admin API shows it, this once with the key. */
export function toCreatedKeyObject({ key, stored }: MintedKey): CreatedApiKeyObject {
  return { ...toKeyObject(stored), key };
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
