import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowancesOf, parseModelName } from '../models/model-name.js';
import { exceeds, type Grant, holdsModel } from './grant.js';
import { anyGrant, ENTRIES, EVERYTHING } from './grant.fixture.js';

const OWN: Grant = {
  scopes: ['inference', 'keys:manage'],
  models: ['acme/*', 'alias'],
  expiresAt: new Date('2040-01-01T00:00:00Z'),
  ipAllowlist: ['10.0.0.0/8', '2001:db8::/32'],
  limits: {
    requestsPerMinute: 60,
    tokensPerMinute: 1000,
    maxConcurrency: 5,
    monthlyBudgetNanos: 10n,
    totalBudgetNanos: 100n,
  },
};

const within = (part: Partial<Grant>) => exceeds({ ...OWN, ...part }, OWN);
const withLimits = (limits: Grant['limits']) => within({ limits: { ...OWN.limits, ...limits } });

describe('a grant exceeds another one', () => {
  it.each([
    [{ scopes: ['usage:read'] }, 'scopes'],
    [{ scopes: ['inference', 'admin'] }, 'scopes'],
    [{ scopes: ['admin'] }, 'scopes'],
    [{ models: [] }, 'models'],
    [{ models: ['*'] }, 'models'],
    [{ models: ['acme/eye', 'zeta/eye'] }, 'models'],
    [{ models: ['other-alias'] }, 'models'],
    [{ models: ['deployments/acme/eye'] }, 'models'],
    [{ models: ['deployments/acme/*'] }, 'models'],
    [{ models: ['acme2/*'] }, 'models'],
    [{ expiresAt: null }, 'expires_at'],
    [{ expiresAt: new Date('2040-01-01T00:00:00.001Z') }, 'expires_at'],
    [{ ipAllowlist: [] }, 'ip_allowlist'],
    [{ ipAllowlist: ['0.0.0.0/0'] }, 'ip_allowlist'],
    [{ ipAllowlist: ['10.0.0.0/7'] }, 'ip_allowlist'],
    [{ ipAllowlist: ['10.0.0.0/8', '11.0.0.1/32'] }, 'ip_allowlist'],
    [{ ipAllowlist: ['::/0'] }, 'ip_allowlist'],
  ] as [Partial<Grant>, string][])('by %j (P3, E4)', (part, param) => {
    expect(within(part)).toBe(param);
  });

  it.each([
    [{ requestsPerMinute: 61 }, 'limits.requests_per_minute'],
    [{ requestsPerMinute: undefined }, 'limits.requests_per_minute'],
    [{ tokensPerMinute: 1001 }, 'limits.tokens_per_minute'],
    [{ tokensPerMinute: undefined }, 'limits.tokens_per_minute'],
    [{ maxConcurrency: 6 }, 'limits.max_concurrency'],
    [{ maxConcurrency: undefined }, 'limits.max_concurrency'],
    [{ monthlyBudgetNanos: 11n }, 'limits.monthly_budget_usd'],
    [{ monthlyBudgetNanos: undefined }, 'limits.monthly_budget_usd'],
    [{ totalBudgetNanos: 101n }, 'limits.total_budget_usd'],
    [{ totalBudgetNanos: undefined }, 'limits.total_budget_usd'],
  ] as [Grant['limits'], string][])('by a looser limit, %o', (limits, param) => {
    expect(withLimits(limits)).toBe(param);
  });

  it('not when it is the same, or less', () => {
    expect(within({})).toBeUndefined();
    expect(within({ scopes: ['inference'] })).toBeUndefined();
    expect(within({ models: ['acme/eye', `acme/ear:${'0'.repeat(64)}`, 'alias'] })).toBeUndefined();
    expect(within({ expiresAt: new Date('2039-01-01T00:00:00Z') })).toBeUndefined();
    expect(within({ ipAllowlist: ['10.9.0.0/16', '2001:db8:1::/48'] })).toBeUndefined();
    expect(withLimits({ requestsPerMinute: 0, monthlyBudgetNanos: 0n })).toBeUndefined();
  });

  it('not when that one may do everything, written out or not', () => {
    expect(exceeds(OWN, EVERYTHING)).toBeUndefined();
    expect(exceeds(EVERYTHING, { ...EVERYTHING, models: ['*'] })).toBeUndefined();
    expect(exceeds(EVERYTHING, EVERYTHING)).toBeUndefined();
  });
});

describe('the relation', () => {
  const isWithin = (one: Grant, other: Grant) => exceeds(one, other) === undefined;

  it('is reflexive: a key may make its equal', () => {
    fc.assert(
      fc.property(anyGrant, (grant) => {
        expect(isWithin(grant, grant)).toBe(true);
      }),
    );
  });

  it('is transitive: no chain of keys gains anything', () => {
    fc.assert(
      fc.property(anyGrant, anyGrant, anyGrant, (a, b, c) => {
        const common = { ...b, scopes: c.scopes.slice(0, 1), limits: c.limits };
        for (const middle of [b, common]) {
          if (isWithin(a, middle) && isWithin(middle, c)) expect(isWithin(a, c)).toBe(true);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it('is antisymmetric: grants within each other allow the same', () => {
    const allows = ({ models }: Grant) =>
      ENTRIES.map((entry) => models.length === 0 || models.some((own) => holdsModel(own, entry)));
    fc.assert(
      fc.property(anyGrant, fc.array(fc.constantFrom(...ENTRIES), { maxLength: 4 }), (a, models) => {
        const b = { ...a, models };
        if (!isWithin(a, b) || !isWithin(b, a)) return;
        expect(allows(b)).toEqual(allows(a));
      }),
      { numRuns: 20_000 },
    );
  });

  it('holds what counts: whatever a lesser list allows at use, the greater one does', () => {
    const names = ENTRIES.flatMap((entry) => (entry.includes('*') ? [] : [entry]));
    // As a call is judged: by its name with us, and by what stands for it at Replicate.
    const allows = (models: readonly string[], name: string) => {
      const model = parseModelName(name);
      const entries = ['*', name, ...(model ? allowancesOf(model) : [])];
      return models.length === 0 || models.some((entry) => entries.includes(entry));
    };
    fc.assert(
      fc.property(anyGrant, anyGrant, fc.constantFrom(...names), (a, b, name) => {
        if (isWithin({ ...b, models: a.models }, b) && allows(a.models, name)) {
          expect(allows(b.models, name)).toBe(true);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it('never lets a change through that makes any one part looser', () => {
    const looser: ((grant: Grant) => Grant)[] = [
      (grant) => ({ ...grant, scopes: [...grant.scopes, 'admin'] }),
      (grant) => ({ ...grant, models: [] }),
      (grant) => ({ ...grant, models: [...grant.models, 'nobody/*'] }),
      (grant) => ({ ...grant, expiresAt: null }),
      (grant) => ({ ...grant, ipAllowlist: [...grant.ipAllowlist, '8.0.0.0/6'] }),
      (grant) => ({ ...grant, limits: { ...grant.limits, totalBudgetNanos: undefined } }),
      (grant) => ({ ...grant, limits: { ...grant.limits, maxConcurrency: 1_000_000 } }),
    ];
    const limited = anyGrant.map((grant) => ({
      ...grant,
      scopes: grant.scopes.filter((scope) => scope !== 'admin'),
      models: ['acme/*'],
      expiresAt: new Date('2040-01-01'),
      ipAllowlist: ['10.0.0.0/8'],
      limits: { maxConcurrency: 1, totalBudgetNanos: 1n },
    }));
    fc.assert(
      fc.property(limited, fc.constantFrom(...looser), (grant, loosen) => {
        expect(exceeds(loosen(grant), grant)).toBeDefined();
      }),
    );
  });
});
