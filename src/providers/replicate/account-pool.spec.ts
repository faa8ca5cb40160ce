import { beforeEach, describe, expect, it } from 'vitest';
import { upstreamAccount } from '../../inference/upstream-account.js';
import { AccountPool } from './account-pool.js';

class FakeProvider {
  state: 'open' | 'stopped' | 'retiring' | 'retired' | 'closed' = 'open';
  readonly retirement = Promise.withResolvers<void>();

  constructor(readonly token: string) {}

  onModuleDestroy(): void {
    this.state = 'stopped';
  }

  onApplicationShutdown(): Promise<void> {
    this.state = 'closed';
    return Promise.resolve();
  }

  async retire(): Promise<void> {
    this.state = 'retiring';
    await this.retirement.promise;
    this.state = 'retired';
  }
}

let made: FakeProvider[];
let pool: AccountPool<FakeProvider>;
beforeEach(() => {
  made = [];
  pool = new AccountPool(({ token }) => {
    const provider = new FakeProvider(token);
    made.push(provider);
    return provider;
  }, 2);
});

const account = (name: string) => upstreamAccount(`ten_${name}:1`, name);
const visit = (name: string) => pool.use(account(name), (provider) => Promise.resolve(provider));
const states = () => made.map(({ token, state }) => `${token} ${state}`);

/** Uses an account until it is told to end. */
function stay(name: string): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const staying = pool.use(account(name), () => promise);
  return () => (resolve(), staying);
}

describe('the pool of accounts', () => {
  it('has one provider for an account, with its token', async () => {
    expect(await visit('a')).toBe(await visit('a'));
    expect((await visit('b')).token).toBe('b');
    expect(made).toHaveLength(2);
  });

  it('has another provider for another token of the same tenant', async () => {
    const first = await visit('a');
    const next = upstreamAccount('ten_a:2', 'new');
    expect(await pool.use(next, (provider) => Promise.resolve(provider))).not.toBe(first);
  });

  it('drops the account that was not used for the longest time', async () => {
    for (const name of ['a', 'b', 'a', 'c']) await visit(name);
    expect(states()).toEqual(['a open', 'b retiring', 'c open']);
    await visit('b');
    expect(states()).toEqual(['a retiring', 'b retiring', 'c open', 'b open']);
  });

  it('drops none that is in use, however many there are', async () => {
    const ends = ['a', 'b', 'c', 'd'].map(stay);
    expect(states()).toEqual(['a open', 'b open', 'c open', 'd open']);
    for (const end of ends) await end();
    expect(states()).toEqual(['a retiring', 'b retiring', 'c open', 'd open']);
  });

  it('lets an account go only when the last who uses it has gone', async () => {
    const [first, second] = [stay('a'), stay('a')];
    await first();
    for (const name of ['b', 'c', 'd']) await visit(name);
    expect(states()).toEqual(['a open', 'b retiring', 'c open', 'd open']);
    await second();
    expect(states()).toEqual(['a retiring', 'b retiring', 'c open', 'd open']);
  });

  it('gives a failure on, and counts its user out', async () => {
    await expect(pool.use(account('a'), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    for (const name of ['b', 'c']) await visit(name);
    expect(states()).toEqual(['a retiring', 'b open', 'c open']);
  });

  it('stops and closes all of them, those too that hear out what they have sent', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await visit(name);
    made[0]?.retirement.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    pool.stop();
    expect(states()).toEqual(['a retired', 'b retiring', 'c stopped', 'd stopped']);
    await pool.close();
    expect(states()).toEqual(['a retired', 'b closed', 'c closed', 'd closed']);
  });
});
