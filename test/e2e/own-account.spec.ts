// A tenant that has brought its own Replicate token: everything about its predictions goes by it, nothing of others.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeNoise } from '../../src/images/pictures.fixture.js';
import { withSession } from '../../src/database/migrations.js';
import { accountOf } from '../../src/sandbox/account.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import {
  eventually,
  freePort,
  makeTenant,
  question,
  REPLICATE_TOKEN,
  startTestGateway,
  startTestSandbox,
  type TestGateway,
} from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';
import {
  dump,
  ENCRYPTION_KEYS,
  encryptionKeys,
  OWN_TOKEN,
  setToken,
  storeToken,
} from '../support/own-account.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { type GatewayProcess, startGateway, temporaryFolder } from '../support/process.js';
import { openStream } from '../support/stream-reader.js';

const OWN = accountOf(OWN_TOKEN);
const GATEWAYS = accountOf(REPLICATE_TOKEN);
const settings = { encryptionKeys, models: ['*'] };

let gateway: TestGateway;
let second: TestGateway;
let stranger: { tenantId: string; key: string };
beforeAll(async () => {
  gateway = await startTestGateway({ settings });
  second = await startTestGateway({ beside: gateway, settings });
  stranger = await makeTenant(gateway.url);
});
afterAll(async () => {
  await second.close();
  await gateway.close();
});
beforeEach(() => setToken(OWN_TOKEN, gateway, second));
afterEach(async () => {
  await expectOneBill(gateway);
  expect(await dump(gateway.databaseUrl)).not.toContain(OWN_TOKEN.slice(3));
  await startAnew(gateway);
});

const bill = () => gateway.sandbox.bill.entries;
const payers = () => bill().map(({ account }) => account);
/** Whose tokens came with what was asked of Replicate; a stream's address asks for none. */
const askers = () => [...new Set(gateway.sandbox.requests.flatMap(({ account }) => account ?? []))];
const asked = (method: string, path: RegExp) =>
  gateway.sandbox.requests.filter((request) => request.method === method && path.test(request.path));
const arrived = () => eventually('the create arrived', () => gateway.sandbox.bill.creates === 1);
const textOf = (answer: { json: never }) => (answer.json as { choices: { text: string }[] }).choices[0]?.text;

describe("a tenant's own token", () => {
  it("pays for its predictions, and for nobody else's", async () => {
    expect((await gateway.complete()).status).toBe(200);
    expect((await gateway.complete({}, { key: stranger.key })).status).toBe(200);
    expect(payers()).toEqual([OWN, GATEWAYS]);
    await expectOneBill(gateway);
    expect(asked('GET', /predictions\/\w+$/).map(({ account }) => account)).toEqual([OWN, GATEWAYS]);
  });

  it('asks what a model takes, uploads pictures for it, and waits for it', async () => {
    gateway.sandbox.script({ boot: 300, run: 50 });
    const picture = await makeNoise(400, 400);
    const image_urls = `data:image/png;base64,${picture.toString('base64')}`;
    const answer = await gateway.complete({ model: 'yorickvp/llava-13b', image_urls, do_sample: undefined });
    expect(answer.status, answer.text).toBe(200);
    expect(asked('GET', /\/v1\/models\//).length).toBeGreaterThan(0);
    expect(asked('POST', /\/v1\/files$/)).toHaveLength(1);
    expect(askers()).toEqual([OWN]);
  });

  it('pays for a stream', async () => {
    gateway.sandbox.script({ run: 300, output: ['A ', 'red ', 'bicycle.'] });
    const body = { model: 'lucataco/moondream2', prompt: 'Tell me.', image_urls: question().image_urls };
    const stream = await openStream(gateway, { path: '/v1/completions', body });
    await stream.toEnd();
    expect(stream.textOf()).toBe('A red bicycle.');
    await expectOneBill(gateway);
    expect(payers()).toEqual([OWN]);
    expect(askers()).toEqual([OWN]);
  });

  it('ends what its caller has hung up on', async () => {
    gateway.sandbox.script({ hang: true });
    const hangUp = new AbortController();
    const answer = gateway.complete({}, { signal: hangUp.signal }).catch(() => undefined);
    await arrived();
    hangUp.abort();
    await answer;
    await eventually('canceled', () => bill()[0]?.status === 'canceled');
    expect(asked('POST', /\/cancel$/).length).toBeGreaterThan(0);
    expect(askers()).toEqual([OWN]);
  });

  it('finds a create whose answer was lost, in its own list', async () => {
    gateway.sandbox.script({ boot: 200, resetAfterAccept: true, output: 'found again' });
    expect(textOf(await gateway.complete())).toBe('found again');
    expect(asked('GET', /\/v1\/predictions(\?|$)/).length).toBeGreaterThan(0);
    expect(askers()).toEqual([OWN]);
  });

  it('is told from another account that was asked the very same at the same time, and has lost it too', async () => {
    const lost = { boot: 400, resetAfterAccept: true } as const;
    gateway.sandbox.script({ ...lost, output: 'first' }, { ...lost, output: 'second' });
    const answers = await Promise.all([gateway.complete(), gateway.complete({}, { key: stranger.key })]);
    const [first, second] = answers.map(textOf);
    expect([first, second].sort()).toEqual(['first', 'second']);
    expect(payers()).toEqual(first === 'first' ? [OWN, GATEWAYS] : [GATEWAYS, OWN]);
  });

  it('serves who joins, on another node too', async () => {
    gateway.sandbox.script({ boot: 1200, output: 'kept for you' });
    const headers = { 'Idempotency-Key': 'own-account' };
    await expect(gateway.complete({}, { headers, signal: AbortSignal.timeout(300) })).rejects.toThrow();
    await eventually('answered', async () => {
      const answer = await second.complete({}, { headers });
      return answer.status === 200 && textOf(answer) === 'kept for you';
    });
    expect(payers()).toEqual([OWN]);
    expect(askers()).toEqual([OWN]);
  });
});

describe('a token that changes', () => {
  it('leaves what has begun on the account that it began on, for who joins it', async () => {
    await setToken(null, gateway, second);
    gateway.sandbox.script({ boot: 1500, output: 'begun before' });
    const headers = { 'Idempotency-Key': 'own-account-later' };
    await expect(gateway.complete({}, { headers, signal: AbortSignal.timeout(300) })).rejects.toThrow();
    await setToken(OWN_TOKEN, gateway, second);
    await eventually('answered', async () => {
      const answer = await second.complete({}, { headers });
      return answer.status === 200 && textOf(answer) === 'begun before';
    });
    expect(payers()).toEqual([GATEWAYS]);
  });

  it('is used by every node within a second, and not after it was removed', async () => {
    const lastPayer = async (node: TestGateway) => {
      expect((await node.complete()).status).toBe(200);
      return payers().at(-1);
    };
    expect(await lastPayer(second)).toBe(OWN);
    for (const [token, account] of [
      ['r8_another', accountOf('r8_another')],
      [null, GATEWAYS],
      [OWN_TOKEN, OWN],
    ] as const) {
      await storeToken(gateway.databaseUrl, gateway.tenantId, token);
      const change = async (node: TestGateway) => (await lastPayer(node)) === account;
      await eventually('used here', () => change(gateway), 1000);
      await eventually('used there', () => change(second), 1000);
    }
  });

  it('is refused where it cannot be opened: nothing goes out on the account of the gateway', async () => {
    const copied =
      'UPDATE tenants t SET upstream_token = o.upstream_token FROM tenants o WHERE o.id = $1 AND t.id = $2';
    await withSession(gateway.databaseUrl, (session) =>
      session.query(copied, [gateway.tenantId, stranger.tenantId]),
    );
    try {
      await eventually('refused', async () => {
        const { status } = await gateway.complete({}, { key: stranger.key });
        return status === 500;
      });
      const { creates } = gateway.sandbox.bill;
      const answer = await gateway.complete({}, { key: stranger.key });
      expect(answer.json).toMatchObject({ error: { code: 'internal_error' } });
      expect(answer.text).not.toMatch(/v1\.|seal/);
      expect(gateway.sandbox.bill.creates).toBe(creates);
    } finally {
      await storeToken(gateway.databaseUrl, stranger.tenantId, null);
    }
  });
});

describe('a token that Replicate refuses', () => {
  it.each([
    [401, 502, 'upstream_auth', /tenant's own API token.*PATCH \/admin\/tenants/],
    [402, 503, 'upstream_billing', /tenant's own Replicate account.*PATCH \/admin\/tenants/],
  ] as const)('with %s is told as its tenant’s to mend', async (fault, status, code, message) => {
    gateway.sandbox.script({ status: fault });
    const own = await gateway.complete();
    expect(own.status).toBe(status);
    expect(own.json).toMatchObject({ error: { code, message: expect.stringMatching(message) as string } });
    expect(own.text).not.toContain(OWN_TOKEN);
    gateway.sandbox.script({ status: fault });
    const others = await gateway.complete({}, { key: stranger.key });
    expect(others.json).toMatchObject({
      error: { code, message: expect.not.stringMatching(message) as string },
    });
  });
});

describe('webhooks', () => {
  it('are ordered on the account of the gateway alone, and bills are settled without them', async () => {
    const port = await freePort();
    const reachable = await startTestGateway({
      port,
      settings: { ...settings, publicUrl: `http://127.0.0.1:${port}` },
    });
    try {
      const other = await makeTenant(reachable.url);
      await setToken(OWN_TOKEN, reachable);
      expect((await reachable.complete()).status).toBe(200);
      expect((await reachable.complete({}, { key: other.key })).status).toBe(200);
      const creates = reachable.sandbox.requests.filter(({ method }) => method === 'POST');
      expect(creates.map(({ body }) => 'webhook' in (body as object))).toEqual([false, true]);
      await expectOneBill(reachable);
    } finally {
      await reachable.close();
    }
  });
});

describe('a gateway that is killed', () => {
  let database: TestDatabase;
  let sandbox: Sandbox;
  let folder: ReturnType<typeof temporaryFolder>;
  let nodes: GatewayProcess[];

  const start = () =>
    startGateway({
      DATABASE_URL: database.url,
      REPLICATE_API_TOKEN: REPLICATE_TOKEN,
      REPLICATE_BASE_URL: sandbox.baseUrl,
      CEREBRO_KEY_PEPPER: 'test-pepper-0123456789',
      CEREBRO_ENCRYPTION_KEYS: ENCRYPTION_KEYS,
      CEREBRO_DATA_DIR: folder.path,
      LOG_LEVEL: 'trace',
    });
  beforeAll(async () => {
    database = await createTestDatabase();
    sandbox = await startTestSandbox();
    folder = temporaryFolder();
    nodes = [await start(), await start()];
  }, 120_000);
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.end('SIGKILL')));
    await sandbox.close();
    await database.drop();
    folder.remove();
  });

  it("leaves a tenant's own prediction to another node, which ends it on its account; no log has the token", async () => {
    const [first, other] = nodes as [GatewayProcess, GatewayProcess];
    const tenants = await withSession(database.url, (session) =>
      session.query<{ id: string }>('SELECT id FROM tenants'),
    );
    await storeToken(database.url, tenants.rows[0]?.id ?? '', OWN_TOKEN);
    const complete = (node: GatewayProcess) =>
      fetch(`${node.url}/v1/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${other.key}`, 'content-type': 'application/json' },
        body: JSON.stringify(question()),
      });
    for (const node of nodes)
      await eventually('the token is used', async () => {
        expect((await complete(node)).status).toBe(200);
        return sandbox.bill.entries.at(-1)?.account === OWN;
      });
    sandbox.script({ status: 401 });
    expect((await complete(other)).status).toBe(502);
    const settled = () =>
      eventually('settled', async () => {
        const lines = await ledger({ databaseUrl: database.url });
        return lines.every(({ settled_at }) => settled_at !== null);
      });
    await settled();

    sandbox.script({ hang: true });
    const { creates } = sandbox.bill;
    const answer = complete(first).catch(() => undefined);
    await eventually('the create arrived', () => sandbox.bill.creates === creates + 1);
    await first.end('SIGKILL');
    await answer;
    const since = sandbox.requests.length;
    await eventually(
      'canceled',
      () => /canceled|aborted/.test(sandbox.bill.entries.at(-1)?.status ?? ''),
      60_000,
    );
    const { requests } = sandbox;
    const cancels = requests.slice(since).filter(({ path }) => path.endsWith('/cancel'));
    expect(cancels.map(({ account }) => account)).toEqual([OWN]);
    await settled();
    const { stdout, stderr } = await other.end('SIGTERM');
    for (const text of [first.output(), stdout, stderr, await dump(database.url)])
      expect(text).not.toContain(OWN_TOKEN.slice(3));
    expect(stdout).toContain('upstream_auth');
  }, 120_000);
});
