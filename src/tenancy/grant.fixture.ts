// Grants of every kind, for property tests.
import fc from 'fast-check';
import { SCOPES } from '../contracts/requires.decorator.js';
import type { Grant } from './grant.js';

/** A key that may do everything. */
export const EVERYTHING: Grant = { scopes: SCOPES, models: [], expiresAt: null, ipAllowlist: [], limits: {} };

const VERSION = 'a'.repeat(64);

/** Entries that lie within each other in every way. */
export const ENTRIES = [
  ...['*', 'alias', 'other-alias', 'acme/*', 'acme/eye', 'acme/ear', `acme/eye:${VERSION}`, 'zeta/eye'],
  ...['deployments/*', 'deployments/acme/*', 'deployments/acme/eye', 'deployments/zeta/eye'],
];

const RANGES = [
  ...['0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/16', '10.1.2.3/32', '192.0.2.0/24'],
  ...['::/0', '2001:db8::/32', '2001:db8:1::/48', '::1/128'],
];

const count = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined });
const nanos = fc.option(fc.bigInt(0n, 3n), { nil: undefined });

/** Few values of each part, so that grants often lie within each other. */
export const anyGrant: fc.Arbitrary<Grant> = fc.record({
  scopes: fc.subarray([...SCOPES], { minLength: 1 }),
  models: fc.subarray(ENTRIES, { maxLength: 4 }),
  expiresAt: fc.option(fc.integer({ min: 1, max: 3 }).map((day) => new Date(2040, 0, day))),
  ipAllowlist: fc.subarray(RANGES, { maxLength: 3 }),
  limits: fc.record({
    requestsPerMinute: count,
    tokensPerMinute: count,
    maxConcurrency: count,
    monthlyBudgetNanos: nanos,
    totalBudgetNanos: nanos,
  }),
});
