// The reverse proxy of compose.yaml, run as it is configured there, in front of two gateways.
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MAX_IMAGE_BYTES } from '../../src/images/image-limits.js';
import { errorOf, keyWith } from '../support/chat.js';
import {
  ask,
  checkConfiguration,
  type NginxSent,
  startNginx,
  type TestNginx,
} from '../support/deploy-nginx.js';
import { isMissing, ROOT } from '../support/deploy-tools.js';
import {
  ADMIN_KEY,
  eventually,
  freePort,
  question,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';
import { LoadBalancer } from '../support/load-balancer.js';
import { askForStream, chat, openStream } from '../support/stream-reader.js';

const settings = { models: ['*'], createsPerMinute: 1_000_000, trustedProxies: ['127.0.0.1/32'] };

describe.skipIf(isMissing('nginx'))('nginx (skipped where it is not installed)', () => {
  let gateway: TestGateway;
  let second: TestGateway;
  /** The ways from nginx to the two. */
  let cables: LoadBalancer[];
  let nginx: TestNginx;

  beforeAll(async () => {
    gateway = await startTestGateway({ settings });
    second = await startTestGateway({ beside: gateway, settings: { ...settings, streamHeartbeatMs: 1000 } });
    cables = [await LoadBalancer.open(), await LoadBalancer.open()];
    nginx = await startNginx(cables.map(({ url }) => url));
  });
  afterAll(async () => {
    await nginx.stop();
    for (const cable of cables) await cable.close();
    await second.close();
    await gateway.close();
  });
  afterEach(async () => {
    await expectOneBill(gateway);
    await startAnew(gateway);
  });

  /** Leads nginx to these nodes. */
  const lead = (...nodes: readonly TestGateway[]) =>
    cables.forEach((cable, i) => (cable.target = nodes[i % nodes.length]?.url ?? ''));
  const post = (sent: NginxSent = {}, url = nginx.url) =>
    ask(url, '/v1/completions', {
      method: 'POST',
      key: gateway.key,
      body: JSON.stringify(question()),
      ...sent,
    });
  const arrived = (count: number) =>
    eventually('the creates arrived', () => gateway.sandbox.bill.creates === count);

  it('takes its configuration', () => {
    const { status, output } = checkConfiguration();
    expect(status, output).toBe(0);
    expect(output).not.toContain('[warn]');
  });

  it('leads callers to both nodes', async () => {
    lead(gateway, second);
    for (let count = 0; count < 6; count++) expect((await post()).status).toBe(200);
    await eventually('the log is written', () => nginx.accessLog().length >= 6);
    const nodes = nginx.accessLog().map(({ node }) => node);
    for (const cable of cables) expect(nodes).toContain(new URL(cable.url).host);
  });

  it('hands a stream on piece by piece, while the prediction runs', async () => {
    lead(gateway);
    gateway.sandbox.script({ run: 2000, output: ['A ', 'red ', 'bicycle', '.'] });
    const stream = await openStream({ url: nginx.url, key: gateway.key }, chat());
    await stream.firstPiece();
    expect(gateway.sandbox.bill.entries[0]?.status).toBe('processing');
    expect(stream.textOf()).not.toContain('bicycle');
    await stream.toEnd();
    expect([stream.textOf(), stream.isDone, stream.end]).toEqual(['A red bicycle.', true, 'whole']);
  });

  it('hands heartbeats on while a model boots', async () => {
    lead(second);
    gateway.sandbox.script({ boot: 3500, output: ['Awake.'] });
    const stream = await openStream({ url: nginx.url, key: gateway.key }, chat());
    await eventually('two comments', () => stream.comments >= 2);
    expect([gateway.sandbox.bill.entries[0]?.status, stream.pieces]).toEqual(['starting', []]);
    await stream.toEnd();
    expect(stream.textOf()).toBe('Awake.');
  });

  it('tells the gateway that a caller has hung up, which ends the prediction', async () => {
    lead(gateway);
    gateway.sandbox.script({ boot: 30_000 });
    const pending = askForStream({ url: nginx.url, key: gateway.key }, chat());
    await arrived(1);
    pending.leave();
    await eventually('it is cancelled', () => gateway.sandbox.bill.entries[0]?.status === 'canceled');
  });

  it.each([
    ['says not to repeat it', {}, 'false'],
    ['says to repeat one with an Idempotency-Key', { 'idempotency-key': 'once' }, 'true'],
  ])('sends a POST whose node died to no other node, and %s', async (_, headers, shouldRetry) => {
    lead(gateway, second);
    gateway.sandbox.script({ run: 2000 });
    const answer = post({ headers });
    await arrived(1);
    for (const cable of cables) cable.reset();
    const { status, headers: told, text } = await answer;
    expect(status).toBe(502);
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'gateway_connection_lost' } });
    expect([told['x-should-retry'], told['retry-after']]).toEqual([shouldRetry, undefined]);
    expect(told['content-type']).toBe('application/json; charset=utf-8');
    await eventually('it has ended', () => gateway.sandbox.bill.entries.every((it) => it.completedAt));
    expect(gateway.sandbox.bill.creates).toBe(1);
    for (let count = 0; count < 2; count++) expect((await post()).status).toBe(200);
  });

  it('passes over a node that cannot be reached, also with a POST, which is billed once', async () => {
    const dead = `http://127.0.0.1:${await freePort()}`;
    const other = await startNginx([dead, gateway.url]);
    try {
      for (let count = 1; count <= 4; count++) {
        expect((await post({}, other.url)).status).toBe(200);
        expect(gateway.sandbox.bill.creates).toBe(count);
      }
      expect(other.errors()).toContain('Connection refused');
    } finally {
      await other.stop();
    }
  });

  it('says that nothing was sent where no node can be reached', async () => {
    const other = await startNginx([`http://127.0.0.1:${await freePort()}`]);
    try {
      const answer = await post({ headers: { 'x-request-id': 'mine-1' } }, other.url);
      expect([answer.status, answer.json]).toEqual([
        503,
        {
          error: {
            message: expect.any(String) as string,
            type: 'server_error',
            param: null,
            code: 'gateway_unavailable',
          },
        },
      ]);
      expect(answer.headers).toMatchObject({
        'x-should-retry': 'true',
        'retry-after': '2',
        'x-request-id': 'mine-1',
      });
    } finally {
      await other.stop();
    }
  });

  it('tells the gateway the address of the caller, whatever the caller says', async () => {
    lead(gateway);
    const key = await keyWith(gateway, { ip_allowlist: ['127.0.0.2'] }, ADMIN_KEY);
    const status = async (sent: NginxSent) => (await ask(nginx.url, '/v1/models', { key, ...sent })).status;
    expect(await status({ from: '127.0.0.2' })).toBe(200);
    expect(await status({ from: '127.0.0.2', headers: { 'x-forwarded-for': '127.0.0.3' } })).toBe(200);
    expect(await status({ from: '127.0.0.3' })).toBe(403);
    expect(await status({ from: '127.0.0.3', headers: { 'x-forwarded-for': '127.0.0.2' } })).toBe(403);
    expect(await status({ from: '127.0.0.3', headers: { forwarded: 'for=127.0.0.2' } })).toBe(403);
  });

  it('keeps the id of a request, or makes one where it is missing or harmful', async () => {
    lead(gateway);
    const idOf = async (headers: Record<string, string>, path: string) =>
      (await ask(nginx.url, path, { headers, key: gateway.key })).headers['x-request-id'];
    for (const path of ['/v1/models', '/nothing']) {
      expect(await idOf({ 'x-request-id': 'a.b:c-1' }, path)).toBe('a.b:c-1');
      expect(await idOf({}, path)).toMatch(/^req_[0-9a-f]{32}$/);
      const id = await idOf({ 'x-request-id': 'a"b' }, path);
      expect(id).toMatch(/^req_[0-9a-f]{32}$/);
      await eventually('the log is written', () =>
        nginx.accessLog().some(({ request_id }) => request_id === id),
      );
    }
  });

  describe('to callers', () => {
    it.each([
      ...['/metrics', '/metrics/', '/metrics?x=1', '//metrics', '/%6detrics', '/METRICS', '/v1/../metrics'],
      ...['/v1/%2e%2e/metrics', '/v1/..%2fmetrics', '/./metrics', '/docs/../admin/tenants', '/admin/tenants'],
      ...['/admin', '/%61dmin/tenants', '/grafana/', '/nothing', '/', '/v1', '/docsx', '/healthz/x'],
    ])('shows nothing at %s', async (path) => {
      lead(gateway);
      const answer = await ask(nginx.url, path, { key: ADMIN_KEY });
      expect([answer.status, answer.json]).toEqual([
        404,
        {
          error: {
            message: 'Unknown request URL.',
            type: 'invalid_request_error',
            param: null,
            code: 'unknown_url',
          },
        },
      ]);
    });

    const disguised = ['/admin/tenants/..%2f..%2fv1%2f', '/metrics/../healthz', '/%761/models'];
    it.each(disguised)('hands %s on to no node', async (path) => {
      lead(gateway);
      const { status, headers } = await ask(nginx.url, path, { key: ADMIN_KEY });
      const isIt = (line: Readonly<Record<string, unknown>>) => line.request_id === headers['x-request-id'];
      await eventually('the log is written', () => nginx.accessLog().some(isIt));
      expect([status, nginx.accessLog().find(isIt)?.node]).toEqual([404, '']);
    });

    const documented = JSON.parse(readFileSync(`${ROOT}/openapi.json`, 'utf8')) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const routes = Object.entries(documented.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({
        method: method.toUpperCase(),
        path: path.replaceAll(/\{\w+\}/g, 'x'),
      })),
    );
    const isInner = ({ path }: { path: string }) => path.startsWith('/admin/') || path === '/metrics';

    it.each(routes.filter((route) => !isInner(route)))('hands $method $path on', async ({ method, path }) => {
      lead(gateway);
      const through = await ask(nginx.url, path, { method });
      const direct = await ask(gateway.url, path, { method });
      expect([through.status, through.text]).toEqual([direct.status, direct.text]);
      await eventually('the log is written', () =>
        nginx.accessLog().some((line) => line.path === path && line.node !== '' && line.method === method),
      );
    });

    it.each(['/docs', '/openapi.json'])('hands %s on', async (path) => {
      lead(gateway);
      expect((await ask(nginx.url, path)).status).toBeLessThan(400);
    });
  });

  it('shows operators the admin API and the metrics, and not what is for callers', async () => {
    lead(gateway);
    const tenants = await ask(nginx.operatorsUrl, '/admin/tenants', { key: ADMIN_KEY });
    expect([tenants.status, (tenants.json as { object: string }).object]).toEqual([200, 'list']);
    expect((await ask(nginx.operatorsUrl, '/metrics')).text).toMatch(/^cerebro_build_info/m);
    for (const path of ['/v1/models', '/v1/..%2fadmin%2ftenants'])
      expect((await ask(nginx.operatorsUrl, path, { key: ADMIN_KEY })).status).toBe(404);
  });

  describe('with large bodies', () => {
    const megabytes = (count: number) => `{"prompt":"${'x'.repeat(count * 1024 ** 2)}"}`;

    it('leaves the refusal to the gateway as far as that reads on', async () => {
      lead(gateway);
      const accepted = await post({ body: megabytes(15) });
      const refused = await post({ body: megabytes(16) });
      expect([accepted.status, refused.status]).toEqual([400, 413]);
      expect(errorOf(refused).code).toBe('request_too_large');
      await eventually('the log is written', () =>
        nginx.accessLog().some(({ node_status }) => node_status === '413'),
      );
    });

    it('refuses what is larger itself, in the same words', async () => {
      lead(gateway);
      const refused = await post({ body: megabytes(18), headers: { expect: '100-continue' } });
      expect([refused.status, errorOf(refused).code]).toEqual([413, 'request_too_large']);
    });

    it('takes the largest picture with its form', async () => {
      lead(gateway);
      const form = new FormData();
      form.set('purpose', 'vision');
      form.set('file', new Blob([new Uint8Array(MAX_IMAGE_BYTES)]), 'large.png');
      const { headers, status } = await fetch(`${nginx.url}/v1/files`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.key}` },
        body: form,
      });
      expect([status, headers.get('x-request-id')]).toEqual([400, expect.stringMatching(/^req_/)]);
    });
  });

  it('writes neither keys nor queries into its log', async () => {
    lead(gateway);
    await ask(nginx.url, '/v1/models?api_key=canary-query', { key: 'canary-key' });
    await eventually('the log is written', () => nginx.accessLog().some(({ path }) => path === '/v1/models'));
    expect(JSON.stringify(nginx.accessLog()) + nginx.errors()).not.toMatch(/canary/);
  });
});
