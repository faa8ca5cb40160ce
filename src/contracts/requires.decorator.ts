// Says what a route asks of its caller. A route without it is refused to everyone.
import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';

/** What a route asks of its caller: nothing, a tenant's key, or the root key of the admin API. */
export type Permission = 'public' | 'inference' | 'admin';

/** Metadata key that the guard reads. */
export const PERMISSION = 'cerebro:permission';

/** Security schemes of the OpenAPI document. */
export const SCHEMES = { inference: 'TenantKey', admin: 'AdminKey' } as const;

/** The permission that a route or a whole controller asks for. */
export function Requires(permission: Permission): MethodDecorator & ClassDecorator {
  return applyDecorators(
    SetMetadata(PERMISSION, permission),
    ...(permission === 'public' ? [] : [ApiBearerAuth(SCHEMES[permission])]),
  );
}
