// What is said of tenants when they are made and changed.
import type { AlertChanges } from './alerts.js';
import type { LimitChanges } from './limits.mapper.js';
import type { StoredTenant } from './tenants.repository.js';

/** What is said of a tenant at its creation. */
export interface TenantOptions {
  /** For people. */
  readonly name: string;
  readonly limits?: LimitChanges;
  readonly alerts?: AlertChanges;
  /** For how many days the texts of its calls are kept; null: they are not. */
  readonly retainContentDays?: number | null | undefined;
}

/** What is to change of a tenant; what is undefined stays. */
export interface TenantChanges extends Partial<TenantOptions> {
  /** True: its keys work for nothing until it is false again. */
  readonly suspended?: boolean | undefined;
  /** Its own token at the provider; null: the gateway's account is used again. */
  readonly upstreamToken?: string | null | undefined;
  readonly rotateAlertSecret?: boolean;
}

/** A tenant after a write. */
export interface WrittenTenant {
  readonly tenant: StoredTenant;
  /** The secret of its alerts, where this write has made it: it is not shown again. */
  readonly alertSecret: string | undefined;
}
