import { describe, expect, it } from 'vitest';
import { upstreamAccount } from '../inference/upstream-account.js';
import { ready } from '../predictions/predictions.fixture.js';
import { AccountsOfRecords } from './accounts-of-records.js';

const account = upstreamAccount('ten_a:1', 'r8_token');
const accounts = new AccountsOfRecords({
  of: (tenantId) => Promise.resolve(tenantId === 'ten_a' ? account : undefined),
});
const { plan } = ready();
const ownPlan = { ...plan, request: { ...plan.request, account } };

describe('the account of a prediction', () => {
  it("is the gateway's where it was sent on that one, whatever its tenant has now", async () => {
    expect(await accounts.of({ tenantId: 'ten_a', ownUpstream: false })).toBeUndefined();
  });

  it("is its tenant's own where it was sent on that one", async () => {
    expect(await accounts.of({ tenantId: 'ten_a', ownUpstream: true })).toBe(account);
  });

  it("is nobody's where that one is gone: never the gateway's", async () => {
    await expect(accounts.of({ tenantId: 'ten_b', ownUpstream: true })).rejects.toMatchObject({
      reason: 'upstream_auth',
    });
  });

  it('is the one that joins it, too', async () => {
    const own = { tenantId: 'ten_a', ownUpstream: true };
    const gateways = { tenantId: 'ten_a', ownUpstream: false };
    expect(await accounts.planFor(ownPlan, own)).toBe(ownPlan);
    expect(await accounts.planFor(plan, gateways)).toBe(plan);
    expect((await accounts.planFor(plan, own)).request.account).toBe(account);
    const moved = await accounts.planFor(ownPlan, gateways);
    expect(moved).toEqual(plan);
    expect('account' in moved.request).toBe(false);
  });
});
