// Predictions that belong together, and ends that others write.
import { describe, expect, it } from 'vitest';
import { account, admitAll, client, ended, intent, node, sql, useNodes } from './admission.fixture.js';
import type { Intent } from './prediction-rows.js';

useNodes();

describe('predictions of one call', () => {
  const group = (size: number, more: Partial<Intent> = {}) =>
    Array.from({ length: size }, () => intent(more));

  it('are admitted together or not at all, beside others in one statement', async () => {
    await sql(`UPDATE tenants SET max_concurrency = 7 WHERE id = 'ten_a'`);
    const groups = [group(3), group(3), group(3), group(1), group(1)];
    const other = group(2, { tenantId: 'ten_b', keyId: 'key_b' });
    const refusals = await Promise.all([...groups, other].map((one) => node(0).admit(one)));
    expect(refusals.map((refusal) => refusal?.refusal)).toEqual([
      undefined,
      undefined,
      'concurrency',
      undefined,
      'concurrency',
      undefined,
    ]);
    expect(await client().prediction.count()).toBe(9);
    expect(await account('ten_a')).toMatchObject({ running: 7 });
  });

  it('are refused for good where they are more than there may ever be', async () => {
    await sql(`UPDATE tenants SET max_concurrency = 2 WHERE id = 'ten_a'`);
    expect(await node(0).admit(group(3))).toMatchObject({ refusal: 'concurrency', mendable: false });
    expect(await client().prediction.count()).toBe(0);
  });

  it('are refused at once where there is room for none, however many they are', async () => {
    await sql(`UPDATE tenants SET total_budget_nanos = 0 WHERE id = 'ten_a'`);
    const refusals = await admitAll(Array.from({ length: 1000 }, () => intent()));
    expect(refusals.every((refusal) => refusal?.refusal === 'total_budget')).toBe(true);
  });
});

describe('whoever writes an end', () => {
  it('books it: an older node knows nothing of accounts (H6)', async () => {
    await node(0).admit([intent({ id: 'prd_x' })]);
    await sql(`UPDATE predictions SET state = 'succeeded', settled_at = now(), billing = 'run_time', cost_nanos = 30
      WHERE id = 'prd_x'`);
    expect(await account('ten_a')).toMatchObject({ running: 0, totalHeld: 0n, totalSpent: 30n });
    expect(await client().usageRollup.count()).toBe(3);
    await node(0).settle(ended('prd_x', 99n));
    expect(await account('key_a')).toMatchObject({ running: 0, totalSpent: 30n });
  });
});
