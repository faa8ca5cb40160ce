// Ranges of addresses in CIDR notation: their one written form, and which range holds which.
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A range: its first address, and how many leading bits all its addresses share. */
export interface CidrRange {
  readonly first: Address;
  readonly bits: number;
}

/** Bits before the IPv4 address in an IPv4-mapped IPv6 one (RFC 4291, 2.5.5.2). */
const MAPPED_BITS = 96;

/**
 * The range that a text writes, or that of a single address; IPv4-mapped IPv6 is taken for the IPv4 that it is.
 *
 * @returns undefined for what is no address or range, and for one with bits set behind its prefix
 */
export function parseCidr(text: string): CidrRange | undefined {
  const [address = '', length, ...more] = text.split('/');
  // Node's own reading: ipaddr.js also takes `010.1`, `0x7f000001` and the like. A zone is no part of an address.
  if (isIP(address) === 0 || address.includes('%') || more.length > 0) return undefined;
  const range = withoutMapping(ipaddr.parse(address), length);
  return range && hasNothingBehind(range) ? range : undefined;
}

/** The one form in which a range is stored: always with its prefix length, IPv6 compressed; see {@link parseCidr}. */
export function normalCidr(text: string): string | undefined {
  const range = parseCidr(text);
  return range && `${range.first.toString()}/${range.bits}`;
}

/** Whether every address of `inner` is one of `outer`; not where one of them is no range. */
export function holdsCidr(outer: string, inner: string): boolean {
  const [larger, smaller] = [parseCidr(outer), parseCidr(inner)];
  return larger !== undefined && smaller !== undefined && holdsRange(larger, smaller);
}

/** Whether every address of `inner` is one of `outer`. */
export function holdsRange(outer: CidrRange, inner: CidrRange): boolean {
  if (outer.first.kind() !== inner.first.kind()) return false;
  return outer.bits <= inner.bits && inner.first.match(outer.first, outer.bits);
}

function withoutMapping(address: Address, length: string | undefined): CidrRange | undefined {
  const size = address.toByteArray().length * 8;
  const bits = length === undefined ? size : /^(?:0|[1-9]\d{0,2})$/.test(length) ? Number(length) : Infinity;
  if (bits > size) return undefined;
  const isMapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= MAPPED_BITS;
  return isMapped ? { first: address.toIPv4Address(), bits: bits - MAPPED_BITS } : { first: address, bits };
}

function hasNothingBehind({ first, bits }: CidrRange): boolean {
  const written = first.toByteArray().map((byte) => byte.toString(2).padStart(8, '0'));
  return !written.join('').slice(bits).includes('1');
}
