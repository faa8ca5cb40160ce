// Whether an address is in a list of networks.
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Lists of addresses in CIDR notation, read once each. */
export class AddressList {
  private readonly read = new LRUCache<string, Range>({ max: 10_000 });

  /** Whether a list has an address. IPv4 addresses that come as IPv6 are taken for what they are. */
  includes(list: readonly string[], address: string): boolean {
    if (!ipaddr.isValid(address)) return false;
    const own = ipaddr.process(address);
    return list.some((entry) => {
      const [network, bits] = this.rangeOf(entry);
      return own.kind() === network.kind() && own.match(network, bits);
    });
  }

  private rangeOf(entry: string): Range {
    const known = this.read.get(entry);
    if (known) return known;
    const range: Range = entry.includes('/') ? ipaddr.parseCIDR(entry) : single(entry);
    this.read.set(entry, range);
    return range;
  }
}

function single(entry: string): Range {
  const address = ipaddr.process(entry);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
