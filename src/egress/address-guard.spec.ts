// What the guard lets through, and the operator's exceptions. What it refuses is in the corpus.
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AddressGuard } from './address-guard.js';
import { EgressError } from './egress-error.js';

const strict = new AddressGuard({ privateHosts: [] });

const passes = (guard: AddressGuard, address: string): boolean => {
  try {
    guard.check(address);
    return true;
  } catch (error) {
    if (error instanceof EgressError && error.reason === 'refused') return false;
    throw error;
  }
};

describe('an address of the public web', () => {
  it.each([
    ['https://example.com/a.png', 'https://example.com/a.png'],
    ['  http://example.com/a.png\n', 'http://example.com/a.png'],
    ['HTTPS://EXAMPLE.com:443/a b.png?x=1#part', 'https://example.com/a%20b.png?x=1'],
    ['http://example.com:443/', 'http://example.com:443/'],
    ['https://example.com./a', 'https://example.com/a'],
    ['https://b\u00fccher.example/\u00e4.png', 'https://xn--bcher-kva.example/%C3%A4.png'],
    ['https://my_bucket.s3.amazonaws.com/k', 'https://my_bucket.s3.amazonaws.com/k'],
    ['http://example.com#@127.0.0.1/', 'http://example.com/'],
    ['http://134744072/', 'http://8.8.8.8/'],
    ['http://[2606:4700:4700::1111]/', 'http://[2606:4700:4700::1111]/'],
    ['https://notlocalhost.com/', 'https://notlocalhost.com/'],
    ['https://local.example/', 'https://local.example/'],
  ])('passes in its one parsed form: %j', (address, href) => {
    expect(strict.check(address).href).toBe(href);
  });

  it('may be long, as presigned ones are', () => {
    expect(passes(strict, `https://example.com/${'x'.repeat(8000)}`)).toBe(true);
  });

  it('is copied, so that a URL that changes after its check is not the one that is used', () => {
    const mine = new URL('https://example.com/');
    const checked = strict.check(mine);
    mine.hostname = '127.0.0.1';
    expect(checked.hostname).toBe('example.com');
  });
});

describe('a refusal', () => {
  it('holds nothing of the address, not even in its cause (D4)', () => {
    for (const address of [
      'https://user:s3cret@example.com/',
      'https://[s3cret/',
      'http://10.0.0.7/?token=s3cret',
    ]) {
      const caught = (() => {
        try {
          return strict.check(address);
        } catch (error) {
          return error;
        }
      })();
      expect(caught).toBeInstanceOf(EgressError);
      expect(inspect(caught)).not.toMatch(/s3cret|10\.0\.0\.7/);
    }
  });
});

describe('a private host', () => {
  const guard = new AddressGuard({
    privateHosts: [
      '127.0.0.1:4000',
      'images.corp',
      'minio:9000',
      'minio:9001',
      '[::1]:80',
      'fd00::5',
      'Bilder.LAN.',
    ],
  });

  it('is allowed on the port that is named, or on all where none is', () => {
    for (const address of [
      ...['http://127.0.0.1:4000/', 'http://0x7f.1:4000/', 'https://127.0.0.1:4000/', 'http://images.corp/'],
      ...['http://images.corp:8080/', 'https://IMAGES.corp.:22/', 'http://minio:9000/', 'http://minio:9001/'],
      ...['http://[::1]/', 'http://[0::1]:80/', 'https://[fd00::5]:8443/', 'http://bilder.lan/'],
    ])
      expect(passes(guard, address), address).toBe(true);
  });

  it('opens no other port, sub-domain, spelling, scheme or userinfo', () => {
    for (const address of [
      ...['http://127.0.0.1/', 'http://127.0.0.1:4001/', 'http://127.0.0.2:4000/', 'http://localhost:4000/'],
      ...[
        'http://x.images.corp:8080/',
        'http://images.corp.evil.com:8080/',
        'http://minio/',
        'http://minio:9002/',
      ],
      ...[
        'https://[::1]/',
        'http://[::ffff:127.0.0.1]:4000/',
        'ftp://images.corp/',
        'http://u:p@images.corp/',
      ],
      ...['http://xbilder.lan/', 'http://images.corp:8080\\@x.example/'],
    ])
      expect(passes(guard, address), address).toBe(false);
  });

  it('may lead to private addresses, to which no other name may', () => {
    const own = guard.check('http://images.corp:8080/');
    const other = guard.check('http://evil.example/');
    for (const ip of ['10.0.0.1', '127.0.0.1', '::1', '::ffff:10.0.0.1', 'fd00::1']) {
      expect(guard.allowsIp(ip, own), ip).toBe(true);
      expect(guard.allowsIp(ip, other), ip).toBe(false);
    }
    expect(guard.allowsIp('8.8.8.8', other)).toBe(true);
    expect(guard.allowsIp('no address', own)).toBe(false);
    expect(guard.allowsIp('', own)).toBe(false);
  });

  it('keeps to its port when its IP address is judged', () => {
    expect(guard.allowsIp('127.0.0.1', new URL('http://127.0.0.1:4000/'))).toBe(true);
    expect(guard.allowsIp('127.0.0.1', new URL('http://127.0.0.1/'))).toBe(false);
  });

  it('is all ports where one entry names none, in either order', () => {
    for (const privateHosts of [
      ['a.corp', 'a.corp:8080'],
      ['a.corp:8080', 'a.corp'],
    ])
      expect(passes(new AddressGuard({ privateHosts }), 'http://a.corp:99/')).toBe(true);
  });

  it.each([
    '',
    '*',
    '*.corp',
    'http://a.corp',
    'a.corp/x',
    'u@a.corp',
    'a.corp:0',
    'a.corp:70000',
    'a.corp:x',
    '10.0.0.0/8',
  ])('is never an entry of another form: %j', (entry) => {
    expect(() => new AddressGuard({ privateHosts: [entry] })).toThrow(RangeError);
  });
});
