// Which IP addresses belong to the public internet. Nothing here knows names or exceptions.
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** All IPv6 that is handed out for public use; ipaddr.js calls the unassigned rest `unicast` too (RFC 4291, 2.4). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** Reachable from within a cloud only, though registered as public. */
const INSIDE_CLOUDS = [
  // Azure's WireServer, which hands out credentials: learn.microsoft.com, "What is IP address 168.63.129.16?".
  '168.63.129.16/32',
  // IBM Cloud's service networks: cloud.ibm.com/docs/security-groups, "IBM Cloud IP ranges".
  '161.26.0.0/16',
  '166.8.0.0/14',
].map((range) => ipaddr.IPv4.parseCIDR(range));

/**
 * Whether an IP address is a public one. False for all else: private, loopback, link-local, shared, reserved,
 * multicast and transition ranges, and text that is no IP address. An IPv4 address mapped into IPv6 counts as the
 * IPv4 address.
 */
export function isPublicIp(ip: string): boolean {
  // A zone (`%eth0`) names an interface of this machine.
  if (isIP(ip) === 0 || ip.includes('%')) return false;
  const address = ipaddr.process(ip);
  if (address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv6
    ? address.match(GLOBAL_UNICAST)
    : !INSIDE_CLOUDS.some((range) => address.match(range));
}
