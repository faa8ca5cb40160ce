// Who is calling.
import type { Permission } from '../contracts/requires.decorator.js';
import type { UnsupportedParams } from '../inference/call.js';

/** A tenant's key that was found good. */
export interface KeyPrincipal {
  readonly kind: 'key';
  readonly keyId: string;
  readonly tenantId: string;
  /** What the key says of parameters that a model lacks; undefined: what holds for the gateway. */
  readonly unsupportedParams: UnsupportedParams | undefined;
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
