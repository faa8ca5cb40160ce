// The look-up that a guarded socket is given instead of the system's.
import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { AddressGuard } from './address-guard.js';
import { EgressError } from './egress-error.js';
import type { Resolver } from './resolver.js';

/** Most addresses of one family that are tried: a name with hundreds would make us knock on hundreds of doors. */
const MAX_TRIED = 4;

/** How a look-up is made. */
export interface LookupOptions {
  readonly guard: AddressGuard;
  readonly resolve: Resolver;
  /** The longest that a look-up takes, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Looks up the host of one URL, for `net.connect`, which connects to exactly these addresses: nothing is looked up
 * twice, so an answer that changes (DNS rebinding) changes nothing. Fails with an {@link EgressError} where a name
 * has no address (`unreachable`), or a single bad one among its addresses (`refused`).
 */
export function guardedLookup(url: URL, options: LookupOptions): LookupFunction {
  return (hostname, { all }, callback) => {
    lookUp(hostname, url, options).then(
      (addresses) => {
        const [first] = addresses;
        if (all || !first) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: Error) => callback(error, []),
    );
  };
}

async function lookUp(hostname: string, url: URL, options: LookupOptions): Promise<LookupAddress[]> {
  const ips = await options.resolve(hostname, AbortSignal.timeout(options.timeoutMs));
  if (ips.length === 0) throw new EgressError('unreachable');
  if (!ips.every((ip) => options.guard.allowsIp(ip, url))) throw new EgressError('refused');
  const addresses = ips.map((address) => ({ address, family: isIP(address) }));
  return [6, 4].flatMap((family) =>
    addresses.filter((address) => address.family === family).slice(0, MAX_TRIED),
  );
}
