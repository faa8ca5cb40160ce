// Usage, ledger and budgets over HTTP: two nodes, traffic to priced models, held against the sandbox's bill.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conformantFetch } from '../support/conformance.js';
import { ADMIN_KEY, eventually, makeTenant, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill } from '../support/ledger.js';
import { temporaryFolder } from '../support/process.js';

/** Nano-dollars of a second. */
const PRICES: Readonly<Record<string, bigint>> = { dear: 12_345_679n, cheap: 1n };
const MODELS = { dear: 'yorickvp/llava-13b', cheap: 'salesforce/blip' };

interface Result {
  readonly num_model_requests: number;
  readonly succeeded: number;
  readonly images: number;
  readonly run_time_seconds: number;
  readonly cost_usd: number;
  readonly num_unpriced: number;
  readonly model: string | null;
  readonly api_key_id: string | null;
}
interface Page {
  readonly data: readonly { start_time: number; end_time: number; results: readonly Result[] }[];
  readonly has_more: boolean;
  readonly next_page: string | null;
}
interface Entry {
  readonly id: string;
  readonly api_key_id: string;
  readonly request_id: string;
  readonly model: string;
  readonly upstream_id: string;
  readonly run_time_seconds: number | null;
  readonly cost_usd: number | null;
}

const folder = temporaryFolder();
let gateway: TestGateway;
let nodes: TestGateway[];
let keys: { id: string; key: string }[];
let other: { tenantId: string; key: string };

beforeAll(async () => {
  const modelsFile = join(folder.path, 'models.json');
  const price = (name: string) => ({ usd_per_second: `0.${String(PRICES[name]).padStart(9, '0')}` });
  const models = Object.entries(MODELS).map(([name, model]) => [name, { model, price: price(name) }]);
  writeFileSync(modelsFile, JSON.stringify({ models: Object.fromEntries(models) as object }));
  const settings = { modelsFile, models: ['*'] };
  gateway = await startTestGateway({ settings });
  nodes = [gateway, await startTestGateway({ settings, beside: gateway })];
  keys = [await newKey(['inference', 'usage:read']), await newKey(['inference', 'usage:read'])];
  other = await makeTenant(gateway.url);
  await makeTraffic();
});
afterAll(async () => {
  for (const node of nodes.toReversed()) await node.close();
  folder.remove();
});

async function newKey(scopes: string[], tenantId = gateway.tenantId): Promise<{ id: string; key: string }> {
  const sent = { method: 'POST', key: ADMIN_KEY, body: { name: scopes.join(' '), scopes } };
  return (await gateway.send(`/admin/tenants/${tenantId}/keys`, sent)).json;
}

/** Few, and last: what fails often is not asked any more. */
const FAILURES = 3;

/** Forty calls over two nodes, two keys and three models, of which one has no price; some of them fail. */
async function makeTraffic(): Promise<void> {
  for (let run = 3; run <= 39; run += 9) gateway.sandbox.script({ run, times: run < 39 ? 8 : 5 });
  gateway.sandbox.script({ run: 5, fail: 'CUDA error', times: FAILURES });
  const calls = Array.from({ length: 40 }, (_, i) =>
    (nodes[i % 2] ?? gateway).send('/v1/completions', {
      method: 'POST',
      key: keys[i % 4 === 0 ? 1 : 0]?.key ?? null,
      headers: { 'x-request-id': `claim-${i}` },
      body: {
        model: ['dear', 'cheap', 'cerebro-phi3.5-vision-instruct'][i % 3],
        prompt: `Number ${i}`,
        image_urls: 'https://example.com/image.jpg',
      },
    }),
  );
  const answers = await Promise.all(calls);
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(40 - FAILURES);
  await expectOneBill(gateway);
}

const read = async (path: string, key = keys[0]?.key ?? null): Promise<Page> => {
  const answer = await gateway.send(path, { key });
  expect(answer.status, answer.text).toBe(200);
  return answer.json;
};
const results = (page: Page) => page.data.flatMap((bucket) => bucket.results);
const nanos = (dollars: number): bigint => BigInt(Math.round(dollars * 1e9));
const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
const micros = (seconds: number): bigint => BigInt(Math.round(seconds * 1e6));

/** What the sandbox would have charged for a model, in nano-dollars: each prediction rounded up. */
function billOf(name: keyof typeof MODELS): bigint {
  const entries = gateway.sandbox.bill.entries.filter(({ model }) => model === MODELS[name]);
  return sum(
    entries.map(
      ({ billedSeconds }) => ((PRICES[name] ?? 0n) * micros(billedSeconds) + 999_999n) / 1_000_000n,
    ),
  );
}

async function wholeLedger(path: string, key?: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  let after = '';
  for (;;) {
    const answer = await gateway.send(`${path}?limit=7${after}`, { key: key ?? keys[0]?.key ?? null });
    const page: { data: Entry[]; has_more: boolean; last_id: string } = answer.json;
    entries.push(...page.data);
    if (!page.has_more) return entries;
    after = `&after=${page.last_id}`;
  }
}

describe('usage', () => {
  it("is the sandbox's bill, to the request, the microsecond and the nano-dollar", async () => {
    const all = results(await read('/v1/usage?group_by=model'));
    const { creates, billedSeconds } = gateway.sandbox.bill;
    expect(creates).toBe(40);
    expect(all.reduce((total, { num_model_requests: n }) => total + n, 0)).toBe(creates);
    expect(all.reduce((total, { succeeded }) => total + succeeded, 0)).toBe(40 - FAILURES);
    expect(sum(all.map(({ run_time_seconds }) => micros(run_time_seconds)))).toBe(micros(billedSeconds));
    for (const name of ['dear', 'cheap'] as const)
      expect(nanos(all.find(({ model }) => model === name)?.cost_usd ?? NaN)).toBe(billOf(name));
    const [free] = all.filter(({ model }) => model?.startsWith('cerebro'));
    expect([free?.cost_usd, free?.num_unpriced]).toEqual([0, free?.num_model_requests]);
  });

  it('is the ledger, which is the same on both nodes', async () => {
    const entries = await wholeLedger('/v1/ledger');
    expect(new Set(entries.map(({ id }) => id)).size).toBe(40);
    expect(entries.map(({ upstream_id }) => upstream_id).sort()).toEqual(
      gateway.sandbox.bill.entries.map(({ predictionId }) => predictionId).sort(),
    );
    expect(new Set(entries.map(({ request_id }) => request_id))).toEqual(
      new Set(Array.from({ length: 40 }, (_, i) => `claim-${i}`)),
    );
    for (const node of nodes) {
      const answer = await node.send('/v1/usage?group_by=api_key_id,model', { key: keys[1]?.key ?? null });
      const all = results(answer.json);
      expect(all).toHaveLength(6);
      for (const result of all) {
        const same = entries.filter(
          ({ model, api_key_id: keyId }) => model === result.model && keyId === result.api_key_id,
        );
        expect(result.num_model_requests).toBe(same.length);
        expect(nanos(result.cost_usd)).toBe(sum(same.map(({ cost_usd }) => nanos(cost_usd ?? 0))));
        expect(micros(result.run_time_seconds)).toBe(
          sum(same.map((entry) => micros(entry.run_time_seconds ?? 0))),
        );
      }
    }
  });

  it('comes in pages, of which none is missing a bucket', async () => {
    const now = Math.floor(Date.now() / 1000);
    let path = `/v1/usage?bucket_width=1m&start_time=${now - 3600}&end_time=${now + 60}&limit=25`;
    const pages: Page[] = [];
    for (let page: string | null = ''; page !== null;) {
      const got: Page = await read(path + (page && `&page=${page}`));
      pages.push(got);
      page = got.next_page;
    }
    const buckets = pages.flatMap(({ data }) => data);
    expect(pages.map(({ data }) => data.length)).toEqual([25, 25, buckets.length - 50]);
    buckets.slice(1).forEach(({ start_time }, i) => expect(start_time).toBe(buckets[i]?.end_time));
    expect(pages.flatMap(results).reduce((total, { num_model_requests: n }) => total + n, 0)).toBe(40);
    path = '/v1/usage?bucket_width=1h&limit=168';
    expect(results(await read(path)).reduce((total, { num_model_requests: n }) => total + n, 0)).toBe(40);
  });

  it.each([
    ['group_by=model,api_key_id', 6],
    ['group_by=model&group_by=api_key_id', 6],
    ['group_by[]=model&group_by%5B%5D=api_key_id', 6],
    ['group_by=model', 3],
    ['group_by=model&models=dear,cheap', 2],
    ['group_by=model&models[]=dear', 1],
    ['models=nothing', 0],
    ['', 1],
  ])('is told apart and narrowed down: %s', async (query, count) => {
    expect(results(await read(`/v1/usage?${query}`))).toHaveLength(count);
  });

  it("is asked as OpenAI's client sends lists", async () => {
    const client = new OpenAI({
      apiKey: keys[0]?.key ?? '',
      baseURL: `${gateway.url}/v1`,
      fetch: conformantFetch,
    });
    const page: Page = await client.get('/usage', {
      query: {
        group_by: ['model', 'api_key_id'],
        models: ['dear'],
        start_time: Math.floor(Date.now() / 1000) - 60,
      },
    });
    expect(results(page).map(({ model, api_key_id: keyId }) => [model, keyId])).toEqual(
      keys.map(({ id }) => ['dear', id]).sort(),
    );
  });

  it.each([
    ['format=csv', {}],
    ['', { accept: 'text/csv' }],
  ])('comes as CSV: ?%s', async (query, headers) => {
    const sent = { key: keys[0]?.key ?? null, headers };
    const { status, headers: got, text } = await gateway.send(`/v1/usage?group_by=model&${query}`, sent);
    expect([status, got['content-type']]).toEqual([200, 'text/csv; charset=utf-8; header=present']);
    expect(got['content-disposition']).toBe('attachment; filename="usage.csv"');
    const [names = '', ...lines] = text.trimEnd().split('\r\n');
    const cost = names.split(',').indexOf('cost_usd');
    expect(lines).toHaveLength(3);
    const costs = lines.map((line) => nanos(Number(line.split(',')[cost])));
    expect(sum(costs)).toBe(billOf('dear') + billOf('cheap'));
  });

  it.each([
    ['start_time=2000&end_time=1000', 'end_time', 'invalid_value'],
    ['start_time=0&bucket_width=1m', 'start_time', 'invalid_value'],
    ['start_time=yesterday', 'start_time', 'invalid_type'],
    ['start_time=1e9', 'start_time', 'invalid_type'],
    ['start_time=-1', 'start_time', 'invalid_value'],
    ['start_time=1795435200000', 'start_time', 'invalid_value'],
    ['end_time=2026-02-30T00:00:00Z', 'end_time', 'invalid_value'],
    ['start_time=1&start_time=2', 'start_time', 'invalid_type'],
    ['bucket_width=1w', 'bucket_width', 'invalid_value'],
    ['group_by=tenant', 'group_by', 'invalid_value'],
    ['group_by=model,', 'group_by', 'empty_string'],
    ['group_by=model,model,model', 'group_by', 'array_above_max_length'],
    ['group_by[x]=model', 'group_by[x]', 'unknown_parameter'],
    ['tenant_id=ten_1', 'tenant_id', 'unknown_parameter'],
    ['limit=0', 'limit', 'integer_below_min_value'],
    ['limit=', 'limit', 'invalid_type'],
    ['limit=1e1', 'limit', 'invalid_type'],
    ['limit=0x10', 'limit', 'invalid_type'],
    ['limit=32', 'limit', 'integer_above_max_value'],
    ['limit=1000000000', 'limit', 'integer_above_max_value'],
    ['page=page_1', 'page', 'invalid_value'],
    ['models=%00', 'models', 'invalid_value'],
    ['format=xml', 'format', 'invalid_value'],
    ['format=csv&limit=3', 'limit', 'invalid_value'],
  ])('refuses ?%s and names %s (C7, C8, C15)', async (query, param, code) => {
    const { status, json } = await gateway.send(`/v1/usage?${query}`, { key: keys[0]?.key ?? null });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { type: 'invalid_request_error', param, code } });
  });
});

describe('the ledger', () => {
  it('is searched by what a caller knows', async () => {
    const { json } = await gateway.send('/v1/ledger?request_id=claim-7', { key: keys[0]?.key ?? null });
    const { data } = json as { data: Entry[] };
    expect(data).toMatchObject([{ request_id: 'claim-7', model: 'cheap', images: 1 }]);
    const failed = await gateway.send('/v1/ledger?state=failed&limit=100', { key: keys[0]?.key ?? null });
    expect((failed.json as { data: Entry[] }).data).toHaveLength(FAILURES);
  });

  it('holds nothing of what was asked or answered (I1)', async () => {
    const { text } = await gateway.send('/v1/ledger?limit=100', { key: keys[0]?.key ?? null });
    for (const secret of ['Number', 'bicycle', 'example.com/image', 'fingerprint', 'digest', 'CUDA'])
      expect(text).not.toContain(secret);
  });

  it.each(['order=up', 'state=done', 'limit=101', 'api_key_id=', 'start_time=-1', 'cursor=1'])(
    'refuses ?%s',
    async (query) => {
      const { status, json } = await gateway.send(`/v1/ledger?${query}`, { key: keys[0]?.key ?? null });
      expect([status, (json as { error: { param: string } }).error.param]).toEqual([
        400,
        query.split('=')[0],
      ]);
    },
  );
});

describe('the operator', () => {
  it('reads the same of any tenant', async () => {
    const path = `/admin/tenants/${gateway.tenantId}`;
    expect(await read(`${path}/usage?group_by=model`, ADMIN_KEY)).toEqual(
      await read('/v1/usage?group_by=model'),
    );
    expect(await wholeLedger(`${path}/ledger`, ADMIN_KEY)).toEqual(await wholeLedger('/v1/ledger'));
    const { json } = await gateway.send(`${path}/budget`, { key: ADMIN_KEY });
    const spent = Number(billOf('dear') + billOf('cheap')) / 1e9;
    expect(json).toMatchObject({
      object: 'budget',
      tenant: {
        running: 0,
        monthly: { spent_usd: spent, held_usd: 0 },
        total: { limit_usd: null, spent_usd: spent },
      },
    });
    const alerts = await gateway.send(`${path}/alerts`, { key: ADMIN_KEY });
    expect(alerts.json).toMatchObject({ object: 'list', data: [] });
  });

  it('reads of tenants that were deleted too', async () => {
    const gone = await makeTenant(gateway.url);
    const path = `/admin/tenants/${gone.tenantId}`;
    expect((await gateway.send(path, { method: 'DELETE', key: ADMIN_KEY })).status).toBe(200);
    for (const part of ['usage', 'ledger', 'budget', 'alerts'])
      expect((await gateway.send(`${path}/${part}`, { key: ADMIN_KEY })).status, part).toBe(200);
  });
});

describe('who may read', () => {
  it.each(['usage', 'ledger', 'budget', 'alerts'])(
    'a tenant its own %s, to whom another tenant looks like none (E2)',
    async (part) => {
      const key = keys[0]?.key ?? null;
      const answers = await Promise.all(
        [gateway.tenantId, other.tenantId, `ten_${'0'.repeat(32)}`, 'ten_x'].map(async (id) => {
          const { status, text } = await gateway.send(`/admin/tenants/${id}/${part}`, { key });
          return [status, status === 200 ? '' : text.replaceAll(id, 'ID')];
        }),
      );
      expect(answers[0]).toEqual([200, '']);
      expect(answers[1]?.[0]).toBe(404);
      expect([answers[1], answers[1]]).toEqual(answers.slice(2));
      const unknown = await gateway.send(`/admin/tenants/ten_${'0'.repeat(32)}/${part}`, { key: ADMIN_KEY });
      expect([unknown.status, unknown.text.replaceAll('0'.repeat(32), '')]).toEqual([
        404,
        String(answers[2]?.[1]).replaceAll('ID', 'ten_'),
      ]);
    },
  );

  it("needs 'usage:read'; nobody reads without a key, and the root key has no usage of its own (E3)", async () => {
    const { key } = await newKey(['inference']);
    for (const path of ['/v1/usage', '/v1/ledger', `/admin/tenants/${gateway.tenantId}/usage`]) {
      expect((await gateway.send(path, { key })).status, path).toBe(403);
      expect((await gateway.send(path, { key: null })).status, path).toBe(401);
    }
    expect((await gateway.send('/v1/usage', { key: ADMIN_KEY })).status).toBe(403);
  });
});

describe('a call that runs', () => {
  it('is in the ledger and in the budget at once, and in usage when it has ended', async () => {
    const { key = '' } = keys[0] ?? {};
    const before = results(await read('/v1/usage?models=dear'))[0]?.num_model_requests;
    gateway.sandbox.script({ run: 600 });
    const answer = gateway.complete({ model: 'dear' }, { key, headers: { 'x-request-id': 'slow' } });
    await eventually('it runs', async () => {
      const { json } = await gateway.send('/v1/ledger?request_id=slow', { key });
      return (json as { data: { cost_usd: null }[] }).data[0]?.cost_usd === null;
    });
    const { json } = await gateway.send(`/admin/tenants/${gateway.tenantId}/budget`, { key });
    expect((json as { tenant: { running: number } }).tenant.running).toBe(1);
    expect(results(await read('/v1/usage?models=dear'))[0]?.num_model_requests).toBe(before);
    expect((await answer).status).toBe(200);
    await eventually('it counts', async () => {
      return results(await read('/v1/usage?models=dear'))[0]?.num_model_requests === (before ?? NaN) + 1;
    });
  });
});
