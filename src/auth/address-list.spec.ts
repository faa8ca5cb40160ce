import { describe, expect, it } from 'vitest';
import { AddressList } from './address-list.js';

const list = new AddressList();

describe('a list of addresses', () => {
  it.each([
    ['192.0.2.7', ['192.0.2.7']],
    ['192.0.2.7', ['198.51.100.0/24', '192.0.2.0/24']],
    ['::ffff:192.0.2.7', ['192.0.2.0/24']],
    ['2001:db8::1', ['2001:db8::/32']],
    ['0:0:0:0:0:0:0:1', ['::1']],
    ['fe80::1%eth0', ['fe80::/10']],
  ])('has %s in %j (E12)', (address, entries) => {
    expect(list.includes(entries, address)).toBe(true);
  });

  it.each([
    ['192.0.2.7', ['192.0.2.8', '10.0.0.0/8']],
    ['192.0.2.7', ['::/0']],
    ['2001:db8::1', ['0.0.0.0/0']],
    ['192.0.2.7', ['192.0.2.0/240', '010.0.0.0/0', 'localhost']],
    ['not an address', ['0.0.0.0/0', '::/0']],
    ['', ['0.0.0.0/0']],
    ['192.0.2.7', []],
  ])('does not have %j in %j', (address, entries) => {
    expect(list.includes(entries, address)).toBe(false);
  });
});
