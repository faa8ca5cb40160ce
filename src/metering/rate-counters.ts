// What a call is counted by: its key's limits and its tenant's, for requests and for tokens. Pure.
import type { KeyPrincipal } from '../auth/principal.js';
import type { Count, Hit } from '../throttling/hits.js';

/** What is counted. */
export type RateUnit = 'requests' | 'tokens';

/** Whose limit it is. */
type RateScope = 'key' | 'tenant';

/** One limit that a call counts against. */
export interface RateCounter {
  readonly unit: RateUnit;
  readonly scope: RateScope;
  readonly hit: Hit;
}

/** A counter, and how it stands. */
export interface RateCount extends RateCounter {
  readonly count: Count;
}

const LIMITS = { requests: 'requestsPerMinute', tokens: 'tokensPerMinute' } as const;

const PREFIXES = { requests: 'req', tokens: 'tok' } as const;

/** The limits of a caller on one unit, the key's first; what has no limit is not counted. */
export function countersOf(
  { accountId, tenantId, limits }: Pick<KeyPrincipal, 'accountId' | 'tenantId' | 'limits'>,
  unit: RateUnit,
  costOf: () => number,
): RateCounter[] {
  const owners = { key: accountId, tenant: tenantId };
  const limited = (['key', 'tenant'] as const).flatMap((scope) => {
    const limit = limits[scope][LIMITS[unit]];
    return limit === undefined ? [] : [{ scope, limit }];
  });
  if (limited.length === 0) return [];
  const cost = costOf();
  return limited.map(({ scope, limit }) => ({
    unit,
    scope,
    hit: { key: `${PREFIXES[unit]}:${owners[scope]}`, cost, limit },
  }));
}
