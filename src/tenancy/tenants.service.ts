// What can be done with tenants: the use cases under the admin API and the command line alike.
import { Injectable } from '@nestjs/common';
import type { AuditTarget } from '../audit/audit-event.js';
import { AuditLog } from '../audit/audit-log.service.js';
import { Authenticator } from '../auth/authenticator.service.js';
import { placeAfter } from '../contracts/cursor.js';
import { isId, newId } from '../contracts/identifier.js';
import { notFound } from '../contracts/not-found.js';
import { TenantAccounts } from '../upstream-accounts/tenant-accounts.service.js';
import { alertSecretContext } from '../vault/contexts.js';
import { Vault } from '../vault/vault.service.js';
import { AlertAddresses } from './alert-addresses.service.js';
import { type AlertPlan, planAlerts } from './alerts.js';
import { KeyRights } from './key-rights.service.js';
import { KeysRepository } from './keys.repository.js';
import type { Manager } from './manager.js';
import type { Slice } from './slice.js';
import type { TenantChanges, TenantOptions, WrittenTenant } from './tenant-changes.js';
import { toTenantObject } from './tenants.mapper.js';
import { type StoredTenant, type TenantColumns, TenantsRepository } from './tenants.repository.js';
import { type Write, Writes } from './writes.repository.js';

/** Tenants. */
@Injectable()
export class TenantsService {
  constructor(
    private readonly tenants: TenantsRepository,
    private readonly keys: KeysRepository,
    private readonly writes: Writes,
    private readonly rights: KeyRights,
    private readonly audit: AuditLog,
    private readonly vault: Vault,
    private readonly addresses: AlertAddresses,
    private readonly accounts: TenantAccounts,
    private readonly authenticator: Authenticator,
  ) {}

  /** @throws {ApiError} `invalid_value` for a bad address of alerts */
  async create(
    manager: Manager,
    { name, limits, alerts = {}, retainContentDays }: TenantOptions,
  ): Promise<WrittenTenant> {
    const id = newId('ten_');
    this.addresses.check(alerts.url);
    const plan = planAlerts(null, alerts, false);
    return this.writes.run(async (write) => {
      await this.rights.checkOperator(manager, write);
      const { tx } = write;
      const columns = { id, name, retainContentDays, ...limits, ...this.alertColumns(id, plan) };
      const tenant = await this.tenants.create(tx, columns);
      const event = { action: 'tenant.create', target: targetOf(id), after: toTenantObject(tenant) };
      await this.audit.record(tx, { ...manager.context, ...event });
      return { tenant, alertSecret: plan.secret ?? undefined };
    });
  }

  /** @throws {ApiError} `invalid_value` for a cursor that is no tenant's id */
  async list({ after, take }: Slice): Promise<StoredTenant[]> {
    return this.tenants.list({ after: placeAfter('ten_', after), take });
  }

  /** @throws {ApiError} `not_found` for an unknown tenant */
  async get(id: string): Promise<StoredTenant> {
    const tenant = isId('ten_', id) ? await this.tenants.find(id) : null;
    if (!tenant) throw notFound('tenant', id);
    return tenant;
  }

  /**
   * Changes a tenant. Limits below what is in use or spent stop new calls, and let running ones end.
   *
   * @throws {ApiError} `not_found`; `invalid_value` for a bad address of alerts; `encryption_not_configured`
   */
  async update(manager: Manager, id: string, changes: TenantChanges): Promise<WrittenTenant> {
    await this.get(id);
    this.addresses.check(changes.alerts?.url);
    const written = await this.writes.onTenant(id, (write) => this.write(manager, id, changes, write));
    this.forget(id);
    return written;
  }

  /** Deletes a tenant, and ends its keys. What it has used stays. @throws {ApiError} `not_found` */
  async delete(manager: Manager, id: string): Promise<void> {
    await this.writes.onTenant(id, async (write) => {
      await this.rights.checkOperator(manager, write);
      const before = toTenantObject(await this.read(write, id));
      const revoked = await this.keys.revokeAll(write, id);
      await this.tenants.delete(write.tx, id, write.now);
      const after = { id, object: 'tenant.deleted', deleted: true, keys_revoked: revoked };
      const event = { action: 'tenant.delete', target: targetOf(id), before, after };
      await this.audit.record(write.tx, { ...manager.context, ...event });
    });
    this.forget(id);
  }

  private async write(
    manager: Manager,
    id: string,
    changes: TenantChanges,
    write: Write,
  ): Promise<WrittenTenant> {
    await this.rights.checkOperator(manager, write);
    const stored = await this.read(write, id);
    const plan = planAlerts(stored.alertUrl, changes.alerts ?? {}, changes.rotateAlertSecret ?? false);
    const { name, limits, retainContentDays } = changes;
    const columns = { name, retainContentDays, ...limits, ...this.alertColumns(id, plan) };
    const isChanged = hasSaid(columns) || changes.upstreamToken !== undefined;
    const turn = turnOf(stored, changes.suspended);
    if (!isChanged && !turn) return { tenant: stored, alertSecret: undefined };
    if (changes.upstreamToken !== undefined) await this.accounts.set(write.tx, id, changes.upstreamToken);
    const suspension = turn && { suspendedAt: turn === 'tenant.suspend' ? write.now : null };
    const tenant = await this.tenants.update(write.tx, id, { ...columns, ...suspension });
    const event = {
      ...manager.context,
      target: targetOf(id),
      before: toTenantObject(stored),
      after: { ...toTenantObject(tenant), ...(plan.secret && { alert_secret_renewed: true }) },
    };
    if (isChanged) await this.audit.record(write.tx, { ...event, action: 'tenant.update' });
    if (turn) await this.audit.record(write.tx, { ...event, action: turn });
    return { tenant, alertSecret: plan.secret ?? undefined };
  }

  private async read({ tx }: Write, id: string): Promise<StoredTenant> {
    const tenant = await this.tenants.find(id, tx);
    if (!tenant) throw notFound('tenant', id);
    return tenant;
  }

  private alertColumns(id: string, { url, thresholds, secret }: AlertPlan) {
    return {
      alertUrl: url,
      alertThresholds: thresholds,
      alertSecret: secret ? this.vault.seal(secret, alertSecretContext(id)) : secret,
    } satisfies TenantColumns;
  }

  /** What this node remembers; the others hear of the change from the database. */
  private forget(id: string): void {
    this.authenticator.forget(id);
    this.accounts.forget(id);
  }
}

function targetOf(id: string): AuditTarget {
  return { kind: 'tenant', id, tenantId: id };
}

function hasSaid(columns: object): boolean {
  return Object.values(columns).some((value) => value !== undefined);
}

/** What becomes of a tenant's being suspended; undefined where that stays as it is. */
function turnOf(
  { suspendedAt }: StoredTenant,
  suspended: boolean | undefined,
): 'tenant.suspend' | 'tenant.resume' | undefined {
  if (suspended === undefined || suspended === (suspendedAt !== null)) return undefined;
  return suspended ? 'tenant.suspend' : 'tenant.resume';
}
