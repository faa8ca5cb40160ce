// Usage against the ledger, in a real database.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LedgerDatabase, startLedger } from './ledger.fixture.js';
import type { UsageQuery, UsageResult } from './usage.contract.js';
import { UsageRepository } from './usage.repository.js';
import { Usage } from './usage.service.js';

const day = (date: string): Date => new Date(`2026-10-${date}Z`);
const october = { start_time: '2026-10-01T00:00:00Z', end_time: '2026-10-08T00:00:00Z' };

let ledger: LedgerDatabase;
let usage: Usage;
beforeAll(async () => {
  ledger = await startLedger();
  usage = new Usage(new UsageRepository(ledger.tenants));
  await ledger.use({ at: day('01T00:00:00'), model: 'phi' });
  await ledger.use({ at: day('01T23:59:59.999'), model: 'phi', keyId: 'key_b', costNanos: 7n });
  await ledger.use({ at: day('02T00:00:00'), model: 'llava', images: 3, promptTokens: 100 });
  await ledger.use({ at: day('02T12:30:10'), model: '=cmd,"x"', state: 'failed', runTimeUs: 1 });
  await ledger.use({ at: day('02T12:30:50'), billing: 'unknown', state: 'unknown', costNanos: null });
  await ledger.use({ at: day('02T12:31:00'), billing: 'unpriced', costNanos: null });
  await ledger.use({ at: day('02T12:31:30'), settled: false });
  await ledger.use({ tenantId: 'ten_z', keyId: 'key_z', at: day('02T01:00:00') });
  // Whatever follows cannot read the ledger, unless it says so.
  await ledger.sql('ALTER TABLE predictions RENAME TO hidden');
});
afterAll(() => ledger.close());

const ask = (query: UsageQuery) => usage.page('ten_a', { ...october, ...query });
const results = async (query: UsageQuery) => (await ask(query)).data.flatMap((bucket) => bucket.results);
const sum = (all: readonly UsageResult[], name: 'num_model_requests' | 'images') =>
  all.reduce((total, result) => total + result[name], 0);

describe('usage', () => {
  it('is summed by the day, without the ledger being read; days without use are there and empty', async () => {
    const { data, ...page } = await ask({});
    expect(page).toEqual({ object: 'page', has_more: false, next_page: null });
    expect(data.map(({ results: all }) => sum(all, 'num_model_requests'))).toEqual([2, 4, 0, 0, 0, 0, 0]);
    expect(data[0]).toEqual({
      object: 'bucket',
      start_time: Date.UTC(2026, 9, 1) / 1000,
      end_time: Date.UTC(2026, 9, 2) / 1000,
      results: [
        {
          object: 'usage.result',
          ...{ num_model_requests: 2, succeeded: 2, input_tokens: 10, output_tokens: 14, images: 2 },
          ...{ run_time_seconds: 3, cost_usd: 0.001000008, uncertain_cost_usd: 0, num_unpriced: 0 },
          ...{ api_key_id: null, model: null },
        },
      ],
    });
    expect(data[2]?.results).toEqual([]);
  });

  it('tells what is uncertain and what has no price from what is known', async () => {
    const [, second] = (await ask({})).data;
    expect(second?.results[0]).toMatchObject({
      ...{ succeeded: 2, cost_usd: 0.002000002, uncertain_cost_usd: 0.01, num_unpriced: 1 },
      ...{ images: 6, input_tokens: 115, run_time_seconds: 4.500001 },
    });
  });

  it.each(['1m', '1h', '1d'] as const)('has the same sums by %s', async (bucket_width) => {
    const limit = { '1m': 1440, '1h': 168, '1d': 31 }[bucket_width];
    const all: UsageResult[] = [];
    let page: string | null = null;
    do {
      const part = await ask({ bucket_width, limit, page });
      all.push(...part.data.flatMap((bucket) => bucket.results));
      page = part.next_page;
    } while (page !== null);
    expect([sum(all, 'num_model_requests'), sum(all, 'images')]).toEqual([6, 8]);
  });

  it('is told apart by model and key, by both, or by neither', async () => {
    const groups = async (query: UsageQuery) =>
      (await results(query)).map((it) => [it.model, it.api_key_id, it.num_model_requests]);
    expect(await groups({ group_by: ['model'] })).toEqual([
      ['phi', null, 2],
      ['=cmd,"x"', null, 1],
      ['llava', null, 1],
      ['phi', null, 2],
    ]);
    expect(await groups({ 'group_by[]': ['api_key_id'] })).toEqual([
      [null, 'key_a', 1],
      [null, 'key_b', 1],
      [null, 'key_a', 4],
    ]);
    expect(await groups({ group_by: ['model'], 'group_by[]': ['api_key_id'], models: ['phi'] })).toEqual([
      ['phi', 'key_a', 1],
      ['phi', 'key_b', 1],
      ['phi', 'key_a', 2],
    ]);
  });

  it('is of some models and keys alone where that is asked', async () => {
    const requests = async (query: UsageQuery) => sum(await results(query), 'num_model_requests');
    expect(await requests({ models: ['phi', 'llava'] })).toBe(5);
    expect(await requests({ 'api_key_ids[]': ['key_b'] })).toBe(1);
    expect(await requests({ models: ['llava'], api_key_ids: ['key_b'] })).toBe(0);
    expect(await requests({ models: ["phi' OR true --", '%'] })).toBe(0);
  });

  it("is never another tenant's", async () => {
    expect(await results({ api_key_ids: ['key_z'] })).toEqual([]);
    expect((await usage.page('ten_z', october)).data.flatMap((bucket) => bucket.results)).toHaveLength(1);
  });

  it('is the same as CSV, where no text is a formula', async () => {
    const lines = (await usage.csv('ten_a', { ...october, group_by: ['model', 'api_key_id'] })).split('\r\n');
    const first = [Date.UTC(2026, 9, 1) / 1000, Date.UTC(2026, 9, 2) / 1000].join(',');
    expect(lines).toHaveLength(7);
    expect(lines[0]).toBe(
      'start_time,end_time,api_key_id,model,num_model_requests,succeeded,input_tokens,output_tokens,images,run_time_seconds,cost_usd,uncertain_cost_usd,num_unpriced',
    );
    expect(lines[1]).toBe(`${first},key_a,phi,1,1,5,7,1,1.5,0.001000001,0,0`);
    expect(lines[2]).toBe(`${first},key_b,phi,1,1,5,7,1,1.5,0.000000007,0,0`);
    expect(lines[3]).toContain(`,key_a,"'=cmd,""x""",1,0,`);
    expect(lines[6]).toBe('');
  });

  it.each(['limit', 'page'] as const)('as CSV has no %s', async (param) => {
    const query = { ...october, [param]: param === 'limit' ? 1 : 'page_0' };
    await expect(usage.csv('ten_a', query)).rejects.toMatchObject({ reason: 'invalid_value', param });
  });

  it('keeps the nano-dollar in large sums', async () => {
    await ledger.sql(`UPDATE usage_rollups SET cost_nanos = 7654321123456789 WHERE key_id = 'key_b'`);
    const [largest] = await results({ api_key_ids: ['key_b'] });
    expect(JSON.stringify(largest?.cost_usd)).toBe('7654321.123456789');
    await ledger.sql(`UPDATE usage_rollups SET cost_nanos = 7654321123456789001 WHERE key_id = 'key_b'`);
    expect(await usage.csv('ten_a', { ...october, api_key_ids: ['key_b'] })).toContain(
      ',7654321123.456789001,',
    );
  });

  it('of more results than an answer holds is refused with advice', async () => {
    await ledger.sql(`INSERT INTO usage_rollups SELECT 'ten_z', 60, to_timestamp(60 * (n / 5001)), 'key_' || n, 'm',
      1, 1, 0, 0, 0, 0, 0, 0, 0 FROM generate_series(1, 50001) AS n`);
    const query: UsageQuery = { bucket_width: '1m', start_time: 0, end_time: 6000, group_by: ['api_key_id'] };
    const refusal = { reason: 'invalid_value', param: 'start_time' };
    await expect(usage.csv('ten_z', query)).rejects.toMatchObject(refusal);
    await expect(usage.page('ten_z', { ...query, limit: 100 })).rejects.toMatchObject(refusal);
    await expect(usage.page('ten_z', { ...query, limit: 5 })).resolves.toMatchObject({ has_more: true });
  });
});
