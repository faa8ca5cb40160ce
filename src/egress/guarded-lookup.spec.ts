// DNS that means harm: what the look-up hands to the socket, and what it refuses.
import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { AddressGuard } from './address-guard.js';
import { EgressError } from './egress-error.js';
import { guardedLookup } from './guarded-lookup.js';
import type { Resolver } from './resolver.js';

const guard = new AddressGuard({ privateHosts: ['images.corp:8080'] });

function lookUp(resolve: Resolver, address = 'http://example.com/'): Promise<LookupAddress[]> {
  const url = guard.check(address);
  const lookup = guardedLookup(url, { guard, resolve, timeoutMs: 1000 });
  return new Promise((done, fail) => {
    lookup(url.hostname, { all: true }, (error, addresses) => {
      if (error) fail(error);
      else done(addresses as LookupAddress[]);
    });
  });
}

const always =
  (...ips: string[]): Resolver =>
  () =>
    Promise.resolve(ips);

describe('a guarded look-up', () => {
  it.each([
    ['an A record that is private', ['10.0.0.1']],
    ['an AAAA record that is private', ['fd00::1']],
    ['an AAAA record with a mapped private address', ['::ffff:127.0.0.1']],
    ['a CNAME to localhost', ['127.0.0.1', '::1']],
    ['one private address among public ones', ['93.184.216.34', '1.1.1.1', '169.254.169.254']],
    [
      'one private address behind more public ones than are tried',
      [...Array<string>(9).fill('1.1.1.1'), '::1'],
    ],
    ['text that is no IP address', ['localhost']],
  ])('refuses a name with %s (D1, D2)', async (_case, ips) => {
    await expect(lookUp(always(...ips))).rejects.toMatchObject({ reason: 'refused' });
  });

  it('hands over exactly the addresses that it checked, from one answer (D2)', async () => {
    let asked = 0;
    const rebinding: Resolver = () => Promise.resolve(++asked === 1 ? ['93.184.216.34'] : ['127.0.0.1']);
    await expect(lookUp(rebinding)).resolves.toEqual([{ address: '93.184.216.34', family: 4 }]);
    expect(asked).toBe(1);
    await expect(lookUp(rebinding)).rejects.toBeInstanceOf(EgressError);
  });

  it('tries a few addresses of each family, however many a name has', async () => {
    const many = Array.from({ length: 50 }, (_, index) => [
      `1.1.1.${index}`,
      `2606:4700::${index + 1}`,
    ]).flat();
    const addresses = await lookUp(always(...many));
    expect(addresses.map(({ family }) => family)).toEqual([6, 6, 6, 6, 4, 4, 4, 4]);
  });

  it('lets the operator’s host lead inside, on its port alone', async () => {
    const inside = always('10.0.0.1');
    await expect(lookUp(inside, 'http://images.corp:8080/')).resolves.toHaveLength(1);
    await expect(lookUp(inside, 'http://images.corp/')).rejects.toMatchObject({ reason: 'refused' });
  });

  it('gives one address to a caller that wants one', async () => {
    const url = guard.check('http://example.com/');
    const lookup = guardedLookup(url, { guard, resolve: always('1.1.1.1', '1.1.1.2'), timeoutMs: 1000 });
    const got = await new Promise((done) => {
      lookup('example.com', {}, (_error, address, family) => done([address, family]));
    });
    expect(got).toEqual(['1.1.1.1', 4]);
  });

  it('fails like a name that does not exist where an answer is empty', async () => {
    await expect(lookUp(always())).rejects.toMatchObject({ reason: 'unreachable' });
  });
});
