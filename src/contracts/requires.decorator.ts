// Says what a route asks of its caller. A route without it is refused to everyone.
import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';

/**
 * What a key may be used for.
 *
 * - `inference`: asking models, and the files for it.
 * - `usage:read`: reading its own tenant's usage and ledger.
 * - `keys:manage`: its own tenant's keys, as far as its own rights go.
 * - `admin`: everything, of all tenants, as the root key may. Only who has it can give it.
 */
export const SCOPES = ['inference', 'usage:read', 'keys:manage', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** What a route asks of its caller: nothing, or a scope. The root key of the admin API stands for `admin`. */
export type Permission = 'public' | Scope;

/** What the guard reads of a route. */
export interface Requirement {
  /** Any of these lets a caller through. */
  readonly permissions: readonly Permission[];
  /** The parameter of the path that is a tenant's id: to a tenant's key every other one is unknown. */
  readonly tenantParam: string | undefined;
}

/** Metadata key of a {@link Requirement}. */
export const REQUIREMENT = 'cerebro:requirement';

/** Security schemes of the OpenAPI document. */
export const SCHEMES: Readonly<Record<Scope, string>> = {
  inference: 'TenantKey',
  'usage:read': 'TenantKey',
  'keys:manage': 'TenantKey',
  admin: 'AdminKey',
};

/**
 * The permission that a route or a whole controller asks for: any one of those given.
 *
 * @param tenantParam the parameter of the path that is the tenant's id, where tenants' keys are let in for their own
 */
export function Requires(
  permission: Permission | readonly Permission[],
  { tenantParam }: { tenantParam?: string } = {},
): MethodDecorator & ClassDecorator {
  const permissions = [permission].flat();
  const requirement: Requirement = { permissions, tenantParam };
  const schemes = new Set(permissions.flatMap((it) => (it === 'public' ? [] : SCHEMES[it])));
  // A route that names a tenant is for the operator too, who has none.
  if (tenantParam !== undefined) schemes.add(SCHEMES.admin);
  return applyDecorators(
    SetMetadata(REQUIREMENT, requirement),
    ...[...schemes].map((scheme) => ApiBearerAuth(scheme)),
  );
}
