// Addresses that callers give us to send to, not to read from.
import type { AddressGuard } from './address-guard.js';
import { EgressError } from './egress-error.js';

/**
 * An address that may be sent to, parsed: as {@link AddressGuard.check} allows it, and `https:`, unless its host is
 * one that the operator has allowed though private. To be asked when the address is set, and again whenever it is
 * used: what it leads to may have changed.
 *
 * @throws {EgressError} `refused`
 */
export function secureEndpoint(guard: AddressGuard, address: string | URL): URL {
  const url = guard.check(address);
  if (url.protocol !== 'https:' && !guard.allowsPrivately(url)) throw new EgressError('refused');
  return url;
}
