// Whether an address is in a list of networks.
import { LRUCache } from 'lru-cache';
import { type CidrRange, holdsRange, parseCidr } from '../contracts/cidr.js';

/** Lists of addresses in CIDR notation, read once each. */
export class AddressList {
  private readonly read = new LRUCache<string, CidrRange>({ max: 10_000 });

  /** Whether a list has an address. IPv4 addresses that come as IPv6 are taken for what they are. */
  includes(list: readonly string[], address: string): boolean {
    // Where a link-local address comes from, behind its `%`, is no part of it.
    const own = parseCidr(address.split('%', 1)[0] ?? '');
    if (!own) return false;
    return list.some((entry) => {
      const range = this.rangeOf(entry);
      return range !== undefined && holdsRange(range, own);
    });
  }

  private rangeOf(entry: string): CidrRange | undefined {
    const range = this.read.get(entry) ?? parseCidr(entry);
    if (range) this.read.set(entry, range);
    return range;
  }
}
