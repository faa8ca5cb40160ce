import { describe, expect, it } from 'vitest';
import { checkEnd, checkReplaced, newKey, successorOf, toKeyColumns } from './key-settings.js';
import type { StoredKey } from './keys.repository.js';

const NOW = new Date('2030-01-01T00:00:00Z');
const LATER = new Date('2031-01-01T00:00:00Z');
const TENANT = `ten_${'1'.repeat(32)}`;

const STORED: StoredKey = {
  id: `key_${'1'.repeat(32)}`,
  tenantId: TENANT,
  name: 'claims',
  display: 'cbr_live_…9fQ2',
  createdAt: NOW,
  expiresAt: LATER,
  revokedAt: null,
  unsupportedParams: 'drop',
  scopes: ['inference', 'usage:read'],
  models: ['acme/*'],
  ipAllowlist: ['10.0.0.0/8'],
  requestsPerMinute: 1,
  tokensPerMinute: 2,
  maxConcurrency: 3,
  monthlyBudgetNanos: 4n,
  totalBudgetNanos: 5n,
  accountId: null,
  rotatedFrom: null,
  rotatedTo: null,
  lastUsedAt: NOW,
};

describe('a new key', () => {
  it('asks models, has no limits and no end where nothing is said', () => {
    expect(newKey(TENANT, { name: 'x' }, { limits: {}, accountId: null })).toEqual({
      tenantId: TENANT,
      accountId: null,
      rotatedFrom: null,
      name: 'x',
      scopes: ['inference'],
      models: [],
      expiresAt: null,
      ipAllowlist: [],
      unsupportedParams: null,
      requestsPerMinute: null,
      tokensPerMinute: null,
      maxConcurrency: null,
      monthlyBudgetNanos: null,
      totalBudgetNanos: null,
    });
  });

  it('inherits limits that are not spoken of: null is spoken of', () => {
    const limits = { maxConcurrency: null, tokensPerMinute: 7 };
    const inherited = { maxConcurrency: 1, tokensPerMinute: 2, totalBudgetNanos: 3n };
    expect(newKey(TENANT, { name: 'x', limits }, { limits: inherited, accountId: 'key_m' })).toMatchObject({
      requestsPerMinute: null,
      tokensPerMinute: 7,
      maxConcurrency: null,
      totalBudgetNanos: 3n,
    });
  });
});

describe('a successor', () => {
  it('has everything that its predecessor had, and its account', () => {
    const { id, ...rest } = STORED;
    const own = ['display', 'createdAt', 'revokedAt', 'rotatedTo', 'lastUsedAt'];
    const kept = Object.fromEntries(Object.entries(rest).filter(([name]) => !own.includes(name)));
    expect(successorOf(STORED)).toEqual({ ...kept, accountId: id, rotatedFrom: id });
    expect(successorOf({ ...STORED, accountId: 'key_first' })).toMatchObject({ accountId: 'key_first' });
  });
});

describe('changes of a key', () => {
  it('leave columns alone that they do not name, and empty those of null', () => {
    const untouched = Object.values(toKeyColumns({ limits: {} }));
    expect(untouched.every((value) => value === undefined)).toBe(true);
    expect(toKeyColumns({ models: null, ipAllowlist: null, expiresAt: null })).toMatchObject({
      models: [],
      ipAllowlist: [],
      expiresAt: null,
    });
  });

  it('end a key at a time to come', () => {
    expect(() => checkEnd(NOW, NOW)).toThrow('expires_at');
    for (const end of [LATER, null, undefined]) expect(() => checkEnd(end, NOW)).not.toThrow();
  });

  it('give a replaced key less time, and never more', () => {
    const replaced = { ...STORED, rotatedTo: 'key_next' };
    expect(() => checkReplaced(replaced, null)).toThrow('has been replaced');
    expect(() => checkReplaced(replaced, new Date(LATER.getTime() + 1))).toThrow('has been replaced');
    for (const end of [LATER, NOW, undefined]) expect(() => checkReplaced(replaced, end)).not.toThrow();
    expect(() => checkReplaced(STORED, null)).not.toThrow();
  });
});
