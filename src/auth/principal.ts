// Who is calling, and what they may do.
import type { Permission, Scope } from '../contracts/requires.decorator.js';
import type { UnsupportedParams } from '../inference/call.js';
import type { Limits } from '../inference/limits.js';

/** A tenant's key that was found good. */
export interface KeyPrincipal {
  readonly kind: 'key';
  readonly keyId: string;
  readonly tenantId: string;
  /** What the key's limits are counted under: its own id, or that of the key that it has replaced. */
  readonly accountId: string;
  readonly scopes: readonly Scope[];
  /** Models that it may ask, as entries of `CEREBRO_MODELS` are written; empty: all. */
  readonly models: readonly string[];
  /** Addresses in CIDR notation that it works from; empty: all. */
  readonly ipAllowlist: readonly string[];
  /** The key's own limits, and its tenant's. Both hold. */
  readonly limits: { readonly key: Limits; readonly tenant: Limits };
  /** When it ends because another key has replaced it; undefined for a key that was not replaced. */
  readonly replacedUntil: Date | undefined;
  /** What the key says of parameters that a model lacks; undefined: what holds for the gateway. */
  readonly unsupportedParams: UnsupportedParams | undefined;
  /** For how many days its tenant has the texts of calls kept; undefined: not at all. */
  readonly retainContentDays: number | undefined;
}

/** The holder of the root key of the admin API. */
export interface AdminPrincipal {
  readonly kind: 'admin';
}

export type Principal = KeyPrincipal | AdminPrincipal;

/** Whether a caller may do what a route asks for. The root key asks no models: it has no tenant. */
export function isAllowed(principal: Principal, permission: Permission): boolean {
  if (permission === 'public') return true;
  if (principal.kind === 'admin') return permission !== 'inference';
  if (principal.scopes.includes(permission)) return true;
  return permission !== 'inference' && principal.scopes.includes('admin');
}

/** Whether a caller acts for the operator, on all tenants. */
export function isOperator(principal: Principal): boolean {
  return principal.kind === 'admin' || principal.scopes.includes('admin');
}
