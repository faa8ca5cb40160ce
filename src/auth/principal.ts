// Who is calling.
import type { Permission } from '../contracts/requires.decorator.js';

/** A tenant's key that was found good. */
export interface KeyPrincipal {
  readonly kind: 'key';
  readonly keyId: string;
  readonly tenantId: string;
}

/** The holder of the root key of the admin API. */
export interface AdminPrincipal {
  readonly kind: 'admin';
}

export type Principal = KeyPrincipal | AdminPrincipal;

/** Whether a caller may do what a route asks for. */
export function isAllowed(principal: Principal, permission: Permission): boolean {
  switch (permission) {
    case 'public':
      return true;
    case 'inference':
      return principal.kind === 'key';
    case 'admin':
      return principal.kind === 'admin';
  }
}
