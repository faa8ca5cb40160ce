// Ranges of addresses in CIDR notation: their one written form, and which range holds which.
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A range: its first address, and how many leading bits all its addresses share. */
interface Range {
  readonly first: Address;
  readonly bits: number;
}

/** Bits before the IPv4 address in an IPv4-mapped IPv6 one (RFC 4291, 2.5.5.2). */
const MAPPED_BITS = 96;

/**
 * The one form in which a range, or a single address, is stored: always with its prefix length, IPv6 compressed,
 * IPv4-mapped IPv6 as IPv4.
 *
 * @returns undefined for what is no address or range, and for one with bits set behind its prefix
 */
export function normalCidr(text: string): string | undefined {
  const range = parse(text);
  return range && `${range.first.toString()}/${range.bits}`;
}

/** Whether every address of `inner` is one of `outer`; both in the form that {@link normalCidr} gives. */
export function holdsCidr(outer: string, inner: string): boolean {
  const [larger, smaller] = [parse(outer), parse(inner)];
  if (!larger || larger.first.kind() !== smaller?.first.kind()) return false;
  return larger.bits <= smaller.bits && bitsOf(smaller.first).startsWith(prefixOf(larger));
}

function parse(text: string): Range | undefined {
  const [address = '', length, ...more] = text.split('/');
  // Node's own reading: ipaddr.js also takes `010.1`, `0x7f000001` and the like. A zone is no part of an address.
  if (isIP(address) === 0 || address.includes('%') || more.length > 0) return undefined;
  const range = withoutMapping(ipaddr.parse(address), length);
  if (!range) return undefined;
  const behind = bitsOf(range.first).slice(range.bits);
  return behind.includes('1') ? undefined : range;
}

function withoutMapping(address: Address, length: string | undefined): Range | undefined {
  const size = address.toByteArray().length * 8;
  const bits = length === undefined ? size : /^(?:0|[1-9]\d{0,2})$/.test(length) ? Number(length) : Infinity;
  if (bits > size) return undefined;
  const isMapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= MAPPED_BITS;
  return isMapped ? { first: address.toIPv4Address(), bits: bits - MAPPED_BITS } : { first: address, bits };
}

function prefixOf({ first, bits }: Range): string {
  return bitsOf(first).slice(0, bits);
}

function bitsOf(address: Address): string {
  return address
    .toByteArray()
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('');
}
