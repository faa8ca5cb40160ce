import { describe, expect, it } from 'vitest';
import { KeyCache } from './key-cache.js';
import { mintKey } from './key.js';
import type { StoredKey } from './tenancy.repository.js';

const stored = (id: string): StoredKey => ({
  id,
  tenantId: 'ten_1',
  name: 'n',
  display: 'd',
  createdAt: new Date(0),
  expiresAt: null,
  revokedAt: null,
  unsupportedParams: null,
});

describe('the cache of keys', () => {
  it('asks once for keys that are looked up together and again later', async () => {
    let asked = 0;
    const cache = new KeyCache(() => Promise.resolve(stored(`key_${++asked}`)));
    const key = 'cbr_live_a';
    const together = await Promise.all([cache.find(key), cache.find(key), cache.find(key)]);
    expect(together.map((key) => key?.id)).toEqual(['key_1', 'key_1', 'key_1']);
    expect((await cache.find(key))?.id).toBe('key_1');
    expect(asked).toBe(1);
  });

  it('tells keys apart that differ in their last character alone (P6)', async () => {
    const cache = new KeyCache((credential) => Promise.resolve(stored(credential)));
    const [one, other] = [mintKey(), mintKey()].map((key) => `${key.slice(0, 20)}${'x'.repeat(40)}`);
    expect((await cache.find(`${one}1`))?.id).not.toBe((await cache.find(`${one}2`))?.id);
    expect((await cache.find(`${one}1`))?.id).not.toBe((await cache.find(`${other}1`))?.id);
  });

  it('remembers that a key is unknown', async () => {
    let asked = 0;
    const cache = new KeyCache(() => {
      asked++;
      return Promise.resolve(undefined);
    });
    expect(await cache.find('a')).toBeUndefined();
    expect(await cache.find('a')).toBeUndefined();
    expect(asked).toBe(1);
  });

  it('does not keep what a lookup brings that began before everything was forgotten (E8)', async () => {
    const answers: ((key: StoredKey) => void)[] = [];
    const cache = new KeyCache(() => new Promise((resolve) => answers.push(resolve)));
    const before = cache.find('a');
    cache.clear();
    answers[0]?.(stored('key_stale'));
    expect((await before)?.id).toBe('key_stale');
    const after = cache.find('a');
    answers[1]?.(stored('key_fresh'));
    expect((await after)?.id).toBe('key_fresh');
  });

  it('asks again after the database failed', async () => {
    let fails = true;
    const cache = new KeyCache(() =>
      fails ? Promise.reject(new Error('down')) : Promise.resolve(stored('key_1')),
    );
    await expect(cache.find('a')).rejects.toThrow('down');
    fails = false;
    expect((await cache.find('a'))?.id).toBe('key_1');
  });
});
