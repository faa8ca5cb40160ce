import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsCidr, normalCidr } from './cidr.js';

describe('normalCidr', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['203.0.113.7', '203.0.113.7/32'],
    ['203.0.113.7/32', '203.0.113.7/32'],
    ['2001:DB8:0:0::/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['::/0', '::/0'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::ffff:203.0.113.7', '203.0.113.7/32'],
    ['::ffff:cb00:7107', '203.0.113.7/32'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
  ])('writes %s as %s (E12)', (text, normal) => {
    expect(normalCidr(text)).toBe(normal);
    expect(normalCidr(normal)).toBe(normal);
  });

  it.each([
    ...[
      '',
      ' ',
      'x',
      '10.0.0.0/',
      '/8',
      '10.0.0.0/8/8',
      '10.0.0.0/33',
      '::/129',
      '10.0.0.0/08',
      '10.0.0.0/-1',
    ],
    ...[
      '10.0.0.0/8.0',
      '10.0.0.0/+8',
      ' 10.0.0.0/8',
      '10.0.0.0/8 ',
      '10.0.0/8',
      '10',
      '0x0a000000',
      '010.0.0.0',
    ],
    ...['10.0.0.256', 'fe80::1%eth0', '10.0.0.0/255.0.0.0', '10.*', 'localhost', '1.1.1.1,2.2.2.2'],
  ])('takes %j for no range', (text) => {
    expect(normalCidr(text)).toBeUndefined();
  });

  it.each(['10.0.0.1/8', '10.0.0.0/0', '2001:db8::1/32', '::1/127', '::ffff:10.0.0.1/104', '::ffff:0:0/90'])(
    'refuses %s, whose bits behind the prefix are set',
    (text) => {
      expect(normalCidr(text)).toBeUndefined();
    },
  );
});

describe('holdsCidr', () => {
  it.each([
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.1.0.0/16', '10.0.0.0/8', false],
    ['10.1.0.0/16', '10.2.0.0/16', false],
    ['0.0.0.0/0', '255.255.255.255/32', true],
    ['::/0', '2001:db8::/32', true],
    ['::/0', '10.0.0.0/8', false],
    ['0.0.0.0/0', '::/0', false],
    ['2001:db8::/33', '2001:db8:8000::/33', false],
  ])('says of %s and %s: %s', (outer, inner, holds) => {
    expect(holdsCidr(outer, inner)).toBe(holds);
  });

  const range = fc
    .tuple(fc.boolean(), fc.bigInt(0n, (1n << 128n) - 1n), fc.integer({ min: 0, max: 128 }))
    .map(([isOld, address, bits]): string => {
      const size = isOld ? 32 : 128;
      const length = BigInt(Math.min(bits, size));
      const free = BigInt(size) - length;
      const first = ((address & ((1n << BigInt(size)) - 1n)) >> free) << free;
      const hex = first.toString(16).padStart(size / 4, '0');
      const parts = isOld
        ? (hex.match(/../g) ?? []).map((part) => parseInt(part, 16)).join('.')
        : (hex.match(/.{4}/g) ?? []).join(':');
      return normalCidr(`${parts}/${length}`) ?? 'none';
    });

  it('is an order: reflexive, transitive, and of two ranges that hold each other there is one', () => {
    fc.assert(
      fc.property(range, range, range, (a, b, c) => {
        expect(a).not.toBe('none');
        expect(holdsCidr(a, a)).toBe(true);
        if (holdsCidr(a, b) && holdsCidr(b, c)) expect(holdsCidr(a, c)).toBe(true);
        if (holdsCidr(a, b) && holdsCidr(b, a)) expect(a).toBe(b);
      }),
      { numRuns: 500 },
    );
  });
});
