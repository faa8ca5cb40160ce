// Tenants between the admin API, the domain and the database.
import { toLimits } from '../auth/credentials.repository.js';
import { toLimitChanges, toLimitsObject } from './limits.mapper.js';
import type { TenantChanges, TenantOptions, WrittenTenant } from './tenant-changes.js';
import type { CreateTenant, TenantObject, UpdateTenant } from './tenants.contract.js';
import type { StoredTenant } from './tenants.repository.js';
import { unixSeconds } from '../contracts/unix-seconds.js';

/** What a caller says of a new tenant. */
export function toTenantOptions({ name, limits, alerts, retention }: CreateTenant): TenantOptions {
  return {
    name,
    limits: toLimitChanges(limits),
    alerts: alerts ?? {},
    retainContentDays: retention?.content_days,
  };
}

/** What a caller wants changed. */
export function toTenantChanges(body: UpdateTenant): TenantChanges {
  return {
    name: body.name ?? undefined,
    limits: toLimitChanges(body.limits),
    suspended: body.suspended ?? undefined,
    upstreamToken: body.upstream_token,
    alerts: body.alerts ?? {},
    rotateAlertSecret: body.rotate_alert_secret ?? false,
    retainContentDays: body.retention?.content_days,
  };
}

/** A tenant as the admin API shows it. */
export function toTenantObject(tenant: StoredTenant): TenantObject {
  const { id, name, createdAt, suspendedAt, upstreamTokenSetAt } = tenant;
  return {
    id,
    object: 'tenant',
    name,
    created_at: unixSeconds(createdAt),
    status: suspendedAt ? 'suspended' : 'active',
    suspended_at: suspendedAt && unixSeconds(suspendedAt),
    limits: toLimitsObject(toLimits(tenant)),
    upstream_account: {
      own: upstreamTokenSetAt !== null,
      token_set_at: upstreamTokenSetAt && unixSeconds(upstreamTokenSetAt),
    },
    alerts: { url: tenant.alertUrl, thresholds: tenant.alertThresholds },
    retention: { content_days: tenant.retainContentDays },
  };
}

/** A tenant after a write, this once with the secret that the write has made. */
export function toWrittenTenantObject({ tenant, alertSecret }: WrittenTenant): TenantObject {
  const shown = toTenantObject(tenant);
  return alertSecret === undefined ? shown : { ...shown, alerts: { ...shown.alerts, secret: alertSecret } };
}
