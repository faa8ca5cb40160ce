// Public IP ranges, against a second opinion: Node's own BlockList, filled from IANA's special-purpose registries.
import { BlockList, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPublicIp } from './ip-ranges.js';

/** iana.org/assignments/iana-ipv4-special-registry, multicast, and what clouds keep to themselves. */
const IPV4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...[
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.31.196.0/24',
    '192.52.193.0/24',
    '192.88.99.0/24',
    '192.168.0.0/16',
  ],
  ...['192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ...['168.63.129.16/32', '161.26.0.0/16', '166.8.0.0/14'],
];

/** All but 2000::/3, and iana.org/assignments/iana-ipv6-special-registry within it. */
const IPV6 = [
  ...[
    '::/3',
    '4000::/2',
    '8000::/1',
    '2001::/23',
    '2001:db8::/32',
    '2002::/16',
    '2620:4f:8000::/48',
    '3fff::/20',
  ],
];

function listOf(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = '', prefix] = range.split('/');
    list.addSubnet(net, Number(prefix), family);
  }
  return list;
}

// Two lists: one would take ::/3 for all of IPv4, which can be mapped into it.
const blocked4 = listOf(IPV4, 'ipv4');
const blocked6 = listOf(IPV6, 'ipv6');

const ipv4Text = (value: number): string =>
  [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');

const ipv4Value = (text: string): number =>
  text.split('.').reduce((value, part) => value * 256 + Number(part), 0);

/** Any address, and often one at the edge of a range. */
const ipv4 = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.tuple(fc.constantFrom(...IPV4), fc.constantFrom(-1, 0, 1), fc.boolean()).map(([range, step, atEnd]) => {
    const [net = '', prefix] = range.split('/');
    const size = atEnd ? 2 ** (32 - Number(prefix)) : 0;
    return (((ipv4Value(net) + size + step) % 2 ** 32) + 2 ** 32) % 2 ** 32;
  }),
);

const ipv6 = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.constantFrom(0x2001, 0x2002, 0x2003, 0x2620, 0x3ffe, 0x3fff, 0x2000),
    ),
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.constantFrom(0, 0xdb8, 0x1ff, 0x200, 0x4f, 0xfff, 0x1000),
    ),
    fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0x8000, 0x8001)),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 5, maxLength: 5 }),
  )
  .map(([a, b, c, rest]) => [a, b, c, ...rest].map((group) => group.toString(16)).join(':'));

describe('a public IP address', () => {
  it('is one that BlockList does not hold, for all of IPv4 (P38)', () => {
    fc.assert(
      fc.property(ipv4, (value) => isPublicIp(ipv4Text(value)) === !blocked4.check(ipv4Text(value), 'ipv4')),
      { numRuns: 5000 },
    );
  });

  it('is one that BlockList does not hold, for all of IPv6 but mapped IPv4', () => {
    fc.assert(
      fc.property(
        ipv6.filter((ip) => !ip.startsWith('0:0:0:0:0:ffff:')),
        (ip) => isPublicIp(ip) === !blocked6.check(ip, 'ipv6'),
      ),
      { numRuns: 5000 },
    );
  });

  it('is the same mapped into IPv6 or not', () => {
    fc.assert(
      fc.property(ipv4, (value) => {
        const text = ipv4Text(value);
        const mapped = `::ffff:${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
        return isPublicIp(text) === isPublicIp(mapped) && isPublicIp(text) === isPublicIp(`::ffff:${text}`);
      }),
    );
  });

  it('is among those of well-known services', () => {
    for (const ip of [
      '1.1.1.1',
      '8.8.8.8',
      '93.184.216.34',
      '2606:4700:4700::1111',
      '2a00:1450:4001:80b::200e',
    ])
      expect(isPublicIp(ip), ip).toBe(true);
  });

  it('has no zone, and is an IP address in the first place', () => {
    expect(isIPv6('2606:4700::1%lo')).toBe(true);
    for (const text of [
      '2606:4700::1%lo',
      '',
      'example.com',
      '8.8.8',
      '0x8.8.8.8',
      '134744072',
      '[2606:4700::1]',
    ])
      expect(isPublicIp(text), text).toBe(false);
  });
});
