// Which addresses count as one caller. Pure.
import ipaddr from 'ipaddr.js';

/** Whoever has one address of IPv6 has, as a rule, 2^64 of them: https://www.rfc-editor.org/rfc/rfc6177#section-2 */
const PREFIX = 64;

/** What an address counts under: itself, for IPv6 its /64; an IPv4 address within IPv6 is that IPv4 address. */
export function networkOf(ip: string): string {
  const [bare = ''] = ip.split('%');
  if (!ipaddr.isValid(bare)) return ip.slice(0, 64);
  const address = ipaddr.process(bare);
  if (!(address instanceof ipaddr.IPv6)) return address.toString();
  const cidr = `${address.toString()}/${PREFIX}`;
  return `${ipaddr.IPv6.networkAddressFromCIDR(cidr).toString()}/${PREFIX}`;
}
