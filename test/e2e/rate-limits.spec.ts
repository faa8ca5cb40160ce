// What callers may send in a minute: over two nodes, exactly that, and told as OpenAI tells it.
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withSession } from '../../src/database/migrations.js';
import { makePicture } from '../../src/images/pictures.fixture.js';
import { conformantFetch } from '../support/conformance.js';
import {
  ADMIN_KEY,
  type Answer,
  eventually,
  makeTenant,
  question,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.js';

let one: TestGateway;
let two: TestGateway;
let tenantId: string;
let key: string;
/** What the model says, and when. */
let answer: Promise<string>;
beforeAll(async () => {
  one = await startTestGateway({ sandbox: { model: () => answer } });
  two = await startTestGateway({ beside: one });
});
afterAll(async () => {
  await two.close();
  await one.close();
});
// A tenant of its own for each test: no node has seen its key, so none remembers other limits.
beforeEach(async () => {
  answer = Promise.resolve('A red bicycle.');
  ({ tenantId, key } = await makeTenant(one.url));
});

type Owner = 'tenants' | 'api_keys';
interface PerMinute {
  readonly requests?: number;
  readonly tokens?: number;
}

async function limit(owner: Owner, { requests, tokens }: PerMinute, id?: string): Promise<void> {
  const column = owner === 'tenants' ? 'id' : id === undefined ? 'tenant_id' : 'id';
  await withSession(one.databaseUrl, (session) =>
    session.query(
      `UPDATE ${owner} SET requests_per_minute = $2, tokens_per_minute = $3 WHERE ${column} = $1`,
      [id ?? tenantId, requests, tokens],
    ),
  );
}

const sql = async (text: string, values: readonly unknown[] = []) =>
  withSession(
    one.databaseUrl,
    async (session) => (await session.query<{ n: number }>(text, [...values])).rows,
  );

/** What the windows hold for the tenant. */
const usedBy = async (counter: string) => {
  const [row] = await sql(
    'SELECT COALESCE(sum(s), 0)::int AS n FROM rate_windows, unnest(slots) AS s WHERE key = $1',
    [counter],
  );
  return row?.n;
};

const ask = (node: TestGateway, body: Record<string, unknown> = {}, credential = key) =>
  node.complete(body, { key: credential });

/** So many calls at once, one by one on both nodes. */
const askBoth = (count: number, body: Record<string, unknown> = {}) =>
  Promise.all(Array.from({ length: count }, (_, index) => ask(index % 2 ? one : two, body)));

const messageOf = ({ json }: Answer) => (json as { error: { message: string } }).error.message;

/** The most that a wait can take: the minute, and what is left of a second. */
const LONGEST = 61_000;

function expectRefused({ status, headers, json }: Answer, type: 'requests' | 'tokens'): void {
  expect(status).toBe(429);
  expect(json).toMatchObject({ error: { type, param: null, code: 'rate_limit_exceeded' } });
  const ms = Number(headers['retry-after-ms']);
  expect(ms).toBeGreaterThan(0);
  expect(ms).toBeLessThanOrEqual(LONGEST);
  expect(headers['retry-after']).toBe(String(Math.ceil(ms / 1000)));
}

describe('requests per minute', () => {
  it.each<Owner>(['api_keys', 'tenants'])(
    'of %s: exactly so many of three times as many (F2, P14)',
    async (owner) => {
      const most = 12;
      await limit(owner, { requests: most });
      const before = one.sandbox.bill.creates;
      const answers = await askBoth(3 * most);
      const passed = answers.filter(({ status }) => status === 200);
      expect(passed).toHaveLength(most);
      expect(one.sandbox.bill.creates - before).toBe(most);
      const scope = owner === 'tenants' ? 'tenant' : 'key';
      for (const got of answers) {
        expect(got.headers).toMatchObject({
          'x-ratelimit-limit-requests': String(most),
          'x-ratelimit-reset-requests': expect.stringMatching(/^(1m)?[\d.]+s$/) as string,
        });
        if (got.status === 200) continue;
        expectRefused(got, 'requests');
        expect(got.headers['x-ratelimit-remaining-requests']).toBe('0');
        expect(messageOf(got)).toMatch(
          new RegExp(
            `\\(RPM\\) of this ${scope}: Limit ${most}, Used ${most}, Requested 1\\. Please try again in`,
          ),
        );
      }
      const left = passed.map(({ headers }) => Number(headers['x-ratelimit-remaining-requests']));
      expect(left.sort((a, b) => a - b)).toEqual(Array.from({ length: most }, (_, index) => index));
    },
  );

  it('slide: after its wait, as many pass as had been there a minute before', async () => {
    await limit('api_keys', { requests: 3 });
    await ask(one);
    const shift = (seconds: number) =>
      sql('UPDATE rate_windows SET second = second - $1::int RETURNING 1 AS n', [seconds]);
    await shift(40);
    for (const node of [one, two]) expect((await ask(node)).status).toBe(200);
    const refused = await ask(two);
    expectRefused(refused, 'requests');
    const wait = Number(refused.headers['retry-after']);
    expect(wait).toBeLessThanOrEqual(21);
    await shift(wait);
    expect((await ask(one)).status).toBe(200);
    expectRefused(await ask(two), 'requests');
  });

  it('of a key and its tenant hold together: whoever is refused by one counts for neither', async () => {
    const path = `/admin/tenants/${tenantId}/keys`;
    const made = await one.send(path, { method: 'POST', key: ADMIN_KEY, body: { name: 'second' } });
    const second = (made.json as { key: string }).key;
    await limit('tenants', { requests: 4 });
    await limit('api_keys', { requests: 3 });
    const bothKeys = async (count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, index) =>
          ask(index % 2 ? one : two, {}, index % 4 < 2 ? key : second),
        ),
      );
    const answers = await bothKeys(16);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(4);
    expect(await usedBy(`req:${tenantId}`)).toBe(4);
    const [sum] = await sql(
      `SELECT COALESCE(sum(s), 0)::int AS n FROM rate_windows w JOIN api_keys k ON w.key = 'req:' || k.id, unnest(slots) AS s
       WHERE k.tenant_id = $1`,
      [tenantId],
    );
    expect(sum?.n).toBe(4);
  });

  it('of an upload count too, and no tokens', async () => {
    await limit('api_keys', { requests: 1, tokens: 1 });
    const bytes = await makePicture('png');
    const upload = () => {
      const form = new FormData();
      form.set('purpose', 'vision');
      form.set('file', new Blob([new Uint8Array(bytes)], { type: 'image/png' }), 'a.png');
      return fetch(`${one.url}/v1/files`, {
        method: 'POST',
        body: form,
        headers: { authorization: `Bearer ${key}` },
      });
    };
    const first = await upload();
    expect(first.status).toBe(200);
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(first.headers.get('x-ratelimit-limit-tokens')).toBeNull();
    expect((await upload()).status).toBe(429);
  });

  it('are not counted, nor spoken of, where there is no limit', async () => {
    const { status, headers } = await ask(one);
    expect(status).toBe(200);
    expect(Object.keys(headers).filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
    expect(await usedBy(`req:${tenantId}`)).toBe(0);
  });
});

describe('tokens per minute', () => {
  it('are an estimate at first, and then what was used', async () => {
    await limit('tenants', { tokens: 5000 });
    const first = await ask(one, { prompt: 'x'.repeat(40), max_tokens: 1000 });
    expect(first.status).toBe(200);
    expect(first.headers['x-ratelimit-remaining-tokens']).toBe(String(5000 - 1010));
    const { usage } = first.json as { usage: { total_tokens: number } };
    await eventually(
      'what was used is counted',
      async () => (await usedBy(`tok:${tenantId}`)) === usage.total_tokens,
    );
    const second = await ask(two, { prompt: 'x'.repeat(40), max_tokens: 100 });
    expect(second.headers['x-ratelimit-remaining-tokens']).toBe(String(5000 - usage.total_tokens - 110));
  });

  it('of a stream are corrected too', async () => {
    await limit('api_keys', { tokens: 5000 });
    const client = new OpenAI({
      baseURL: `${one.url}/v1`,
      apiKey: key,
      maxRetries: 0,
      fetch: conformantFetch,
    });
    const stream = await client.chat.completions.create({
      model: 'cerebro-phi3.5-vision-instruct',
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: 'https://example.com/image.jpg' } },
          ],
        },
      ],
    });
    let total: number | undefined;
    for await (const { usage } of stream) total = usage?.total_tokens ?? total;
    expect(total).toBeGreaterThan(0);
    const [row] = await sql(`SELECT id AS n FROM api_keys WHERE tenant_id = $1`, [tenantId]);
    await eventually(
      'what was used is counted',
      async () => (await usedBy(`tok:${String(row?.n)}`)) === total,
    );
  });

  it('are let through by their estimate: what runs is held against the limit', async () => {
    await limit('api_keys', { tokens: 350 });
    const { promise, resolve } = Promise.withResolvers<string>();
    answer = promise;
    const refused: Answer[] = [];
    const asking = Array.from({ length: 9 }, async (_, index) => {
      const got = await ask(index % 2 ? one : two, { prompt: 'abcd', max_tokens: 99 });
      if (got.status !== 200) refused.push(got);
      return got;
    });
    await eventually('all but three are refused', () => refused.length === 6);
    resolve('A red bicycle.');
    const answers = await Promise.all(asking);
    for (const got of refused) expectRefused(got, 'tokens');
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  });

  it('of one request that is too large are refused for good', async () => {
    await limit('tenants', { tokens: 500, requests: 5 });
    const refused = await ask(one, { max_tokens: 1000 });
    expect([refused.status, refused.headers['x-should-retry']]).toEqual([429, 'false']);
    expect(refused.headers['retry-after']).toBeUndefined();
    expect(messageOf(refused)).toMatch(
      /^Request too large for tokens per minute \(TPM\) of this tenant: Limit 500/,
    );
    expect(await usedBy(`req:${tenantId}`)).toBe(0);
  });
});

describe("OpenAI's client", () => {
  const clientOf = (maxRetries: number, seen: string[] = []) =>
    new OpenAI({
      baseURL: `${two.url}/v1`,
      apiKey: key,
      maxRetries,
      fetch: (input, init) => {
        seen.push('asked');
        return conformantFetch(input, init);
      },
    });
  const complete = (client: OpenAI, body: object = {}) =>
    client.completions.create({
      ...question(),
      model: 'cerebro-phi3.5-vision-instruct',
      ...body,
    } as unknown as OpenAI.CompletionCreateParamsNonStreaming);

  it('throws its RateLimitError', async () => {
    await limit('api_keys', { requests: 1 });
    const client = clientOf(0);
    await complete(client);
    const error = await complete(client).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    const { status, code, type, headers } = error as InstanceType<typeof OpenAI.RateLimitError>;
    expect([status, code, type]).toEqual([429, 'rate_limit_exceeded', 'requests']);
    expect(headers?.get('x-ratelimit-remaining-requests')).toBe('0');
  });

  it('does not repeat what can never fit', async () => {
    await limit('api_keys', { tokens: 10 });
    const seen: string[] = [];
    await expect(complete(clientOf(5, seen))).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    expect(seen).toEqual(['asked']);
  });
});
