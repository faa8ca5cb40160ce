import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keyPrincipal } from './principal.fixture.js';
import { KeyCache } from './key-cache.js';
import { mintKey } from './key.js';
import type { Credential } from './credentials.repository.js';

const credential = (keyId: string, expiresInMs?: number): Credential => ({
  principal: keyPrincipal({ keyId }),
  expiresInMs,
});

const away = new Error('down');

/** A cache over a table of keys. */
function cacheOver(load: (credential: string) => Promise<Credential | undefined>, isHearing = () => true) {
  return new KeyCache({ load, isHearing, isUnavailable: (error) => error === away });
}

const idOf = (found: Credential | undefined) => found?.principal.keyId;

describe('the cache of keys', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['performance', 'Date', 'setTimeout'] }));
  afterEach(() => vi.useRealTimers());

  it('asks once for keys that are looked up together and again later', async () => {
    let asked = 0;
    const cache = cacheOver(() => Promise.resolve(credential(`key_${++asked}`)));
    const together = await Promise.all([cache.find('a'), cache.find('a'), cache.find('a')]);
    expect(together.map(idOf)).toEqual(['key_1', 'key_1', 'key_1']);
    expect(idOf(await cache.find('a'))).toBe('key_1');
    expect(asked).toBe(1);
  });

  it('tells keys apart that differ in their last character alone (P6)', async () => {
    const cache = cacheOver((key) => Promise.resolve(credential(key)));
    const [one, other] = [mintKey(), mintKey()].map((key) => `${key.slice(0, 20)}${'x'.repeat(40)}`);
    expect(idOf(await cache.find(`${one}1`))).not.toBe(idOf(await cache.find(`${one}2`)));
    expect(idOf(await cache.find(`${one}1`))).not.toBe(idOf(await cache.find(`${other}1`)));
  });

  it('remembers that a key is unknown', async () => {
    let asked = 0;
    const cache = cacheOver(() => {
      asked++;
      return Promise.resolve(undefined);
    });
    expect(await cache.find('a')).toBeUndefined();
    expect(await cache.find('a')).toBeUndefined();
    expect(cache.recall('a')).toBe('unknown');
    expect(asked).toBe(1);
  });

  it('reads a key again that was changed while it was read (E8)', async () => {
    const answers: ((key: Credential | undefined) => void)[] = [];
    const cache = cacheOver(() => new Promise((resolve) => answers.push(resolve)));
    const found = cache.find('a');
    cache.forget('key_1');
    answers[0]?.(credential('key_1'));
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[1]?.(undefined);
    expect(await found).toBeUndefined();
    expect(cache.recall('a')).toBe('unknown');
  });

  it('forgets one key, or those of one tenant, and no others', async () => {
    const cache = cacheOver((key) => Promise.resolve(credential(key)));
    await Promise.all([cache.find('key_1'), cache.find('key_2')]);
    cache.forget('key_1');
    expect(cache.recall('key_1')).toBe('unheard');
    expect(cache.recall('key_2')).not.toBe('unheard');
    cache.forget('ten_1');
    expect(cache.recall('key_2')).toBe('unheard');
  });

  it('tells a key that has changed from a guess, until a look finds that it has ended', async () => {
    const table = new Set(['key_1']);
    const cache = cacheOver((key) => Promise.resolve(table.has(key) ? credential(key) : undefined));
    expect(cache.hasKnown('key_1')).toBe(false);
    const looking = cache.find('key_1');
    expect(cache.hasKnown('key_1'), 'it is being looked for').toBe(true);
    await looking;
    for (const changed of ['key_1', 'ten_1', undefined]) {
      cache.forget(changed);
      expect([cache.recall('key_1'), cache.hasKnown('key_1')]).toEqual(['unheard', true]);
      await cache.find('key_1');
    }
    table.clear();
    cache.forget('key_1');
    await cache.find('key_1');
    expect(cache.hasKnown('key_1')).toBe(false);
  });

  it('lets no key work that has changed, while the database is away', async () => {
    let isAway = false;
    const cache = cacheOver((key) => (isAway ? Promise.reject(away) : Promise.resolve(credential(key))));
    await cache.find('key_1');
    await cache.find('key_2');
    cache.forget('key_1');
    isAway = true;
    await expect(cache.find('key_1')).rejects.toThrow('down');
    cache.distrust();
    await expect(cache.find('key_1')).rejects.toThrow('down');
    expect(cache.hasKnown('key_1')).toBe(true);
    expect(idOf(await cache.find('key_2'))).toBe('key_2');
    isAway = false;
    expect(idOf(await cache.find('key_1'))).toBe('key_1');
  });

  it('trusts a key for ten seconds, and for one while changes are not heard of (E7)', async () => {
    let hears = true;
    const cache = cacheOver(
      (key) => Promise.resolve(credential(key)),
      () => hears,
    );
    await cache.find('a');
    vi.advanceTimersByTime(9999);
    expect(cache.recall('a')).not.toBe('unheard');
    vi.advanceTimersByTime(1);
    expect(cache.recall('a')).toBe('unheard');
    hears = false;
    await cache.find('a');
    vi.advanceTimersByTime(1000);
    expect(cache.recall('a')).toBe('unheard');
  });

  it('lets a key end when it expires, also within the time that it is trusted', async () => {
    const cache = cacheOver((key) => Promise.resolve(credential(key, 2000)));
    await cache.find('a');
    vi.advanceTimersByTime(1999);
    expect(cache.recall('a')).not.toBe('unheard');
    vi.advanceTimersByTime(1);
    expect(cache.recall('a')).toBe('unheard');
  });

  it('lets known keys work for a minute while the database is away, and no others', async () => {
    let isAway = false;
    let asked = 0;
    const cache = cacheOver((key) => {
      asked++;
      return isAway ? Promise.reject(away) : Promise.resolve(credential(key));
    });
    await cache.find('key_1');
    isAway = true;
    cache.distrust();
    expect(cache.recall('key_1')).toBe('unheard');
    expect(idOf(await cache.find('key_1'))).toBe('key_1');
    expect(idOf(await cache.find('key_1'))).toBe('key_1');
    expect(asked, 'looks in vain are not repeated at once').toBe(2);
    await expect(cache.find('key_2')).rejects.toThrow('down');
    vi.advanceTimersByTime(60_000);
    await expect(cache.find('key_1')).rejects.toThrow('down');
  });

  it('does not take another failure for the absence of the database', async () => {
    let fails = false;
    const cache = cacheOver((key) =>
      fails ? Promise.reject(new Error('bug')) : Promise.resolve(credential(key)),
    );
    await cache.find('a');
    fails = true;
    cache.distrust();
    await expect(cache.find('a')).rejects.toThrow('bug');
    fails = false;
    expect(idOf(await cache.find('a'))).toBe('a');
  });
});
