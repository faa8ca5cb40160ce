// How /metrics is shown: to whom, in which format, and with how many series. What the numbers say is in metrics.spec.ts.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf } from '../support/chat.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { changeBy, type Sample, scrape } from '../support/metrics.js';
import { hasPromtool, lintMetrics } from '../support/promtool.js';
import { sendRaw } from '../support/raw.js';
import { chat } from '../support/stream-reader.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    settings: { models: ['*'], defaultHardware: 'gpu-l40s', failedAuthPerMinute: 1_000_000 },
  });
});
afterAll(() => gateway.close());

describe('metrics', () => {
  it('are open where no token is set, in the format of Prometheus', async () => {
    const { status, headers, text } = await gateway.send('/metrics', { key: null });
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(text).toContain(`cerebro_build_info{version="${versionOfPackage()}",node="${process.version}"} 1`);
  });

  it.skipIf(!hasPromtool && !process.env.CI)(
    'are as Prometheus wants them, says promtool (skipped where it is not installed)',
    async () => {
      expect((await gateway.complete()).status).toBe(200);
      expect((await gateway.send('/v1/nothing')).status).toBe(404);
      const { text } = await gateway.send('/metrics', { key: null });
      expect(lintMetrics(text)).toBe('');
    },
  );

  it('are those of the documentation, with its labels', async () => {
    expect((await gateway.complete()).status).toBe(200);
    const { text } = await gateway.send('/metrics', { key: null });
    const shown = [...text.matchAll(/^# TYPE (cerebro_\w+) (\w+)$/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    const rows = documented();
    expect(shown.sort()).toEqual(rows.map(({ name, type }) => `${name} ${type}`).sort());
    const { samples } = await scrape(gateway);
    for (const { name, labels } of rows) {
      const ofIt = samples.filter((sample) => sample.name.replace(/_(?:bucket|sum|count)$/, '') === name);
      for (const sample of [...ofIt, ...samples.filter((other) => other.name === name)])
        expect(labelsOf(sample), name).toEqual(labels);
    }
  });
});

describe('a metrics token', () => {
  let closed: TestGateway;
  const token = 'canary-metrics-token-4711';
  beforeAll(async () => {
    closed = await startTestGateway({ beside: gateway, settings: { metricsToken: token } });
  });
  afterAll(() => closed.close());

  it.each([
    ['none', undefined, "You didn't provide an API key."],
    ['a wrong one', `Bearer ${token}x`, 'Incorrect API key provided.'],
    ['another scheme', `Basic ${token}`, "You didn't provide an API key."],
  ])('is asked for: with %s there is an error as of any other route', async (_, authorization, message) => {
    const answer = await closed.send('/metrics', {
      key: null,
      headers: authorization === undefined ? {} : { authorization },
    });
    expect(answer.status).toBe(401);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    const error = errorOf(answer);
    expect([error.type, error.code]).toEqual(['invalid_request_error', 'invalid_api_key']);
    expect(error.message).toContain(message);
    expect(answer.text).not.toContain('cerebro_');
  });

  it('opens metrics, which keys do not; and nothing else', async () => {
    for (const scheme of ['Bearer', 'bearer']) {
      const headers = { authorization: `${scheme} ${token}` };
      expect((await closed.send('/metrics', { key: null, headers })).status).toBe(200);
    }
    expect((await closed.send('/metrics')).status).toBe(401);
    expect((await closed.send('/v1/models', { key: token })).status).toBe(401);
    expect((await closed.send('/admin/tenants', { key: token })).status).toBe(401);
  });
});

describe('series', () => {
  const many = 500;
  const name = (index: number) => `made-up-${index}-${Math.random().toString(36).slice(2)}`;
  const inTurn = async (send: (index: number) => Promise<unknown>) => {
    for (let done = 0; done < many; done += 25)
      await Promise.all(Array.from({ length: 25 }, (_, index) => send(done + index)));
  };
  const { body } = chat('Tell me.');

  it.each<[string, (index: number) => Promise<unknown>]>([
    [
      'models',
      (index) =>
        gateway.send('/v1/chat/completions', {
          method: 'POST',
          body: { ...body, model: `x/${name(index)}` },
        }),
    ],
    ['paths', (index) => gateway.send(`/${name(index)}/${name(index)}`)],
    ['names in known paths', (index) => gateway.send(`/v1/files/${name(index)}`)],
    ['keys', (index) => gateway.send('/v1/models', { key: `cbr_live_${name(index)}` })],
    [
      'keys of calls',
      (index) =>
        gateway.send('/v1/nowhere', {
          headers: { 'idempotency-key': name(index), 'x-request-id': name(index) },
        }),
    ],
    ['queries', (index) => gateway.send(`/v1/models?${name(index)}=1`)],
  ])('do not grow with what callers make up: %s (I2)', async (_, send) => {
    await send(-1);
    const before = (await scrape(gateway)).series;
    await inTurn(send);
    const after = await scrape(gateway);
    // A node may meet one more kind of error on the way, such as a limit; never one for each request.
    expect(after.series - before).toBeLessThan(40);
    expect(JSON.stringify(after.samples)).not.toContain('made-up');
  });

  it('do not grow with methods (I2)', async () => {
    const methods = [
      'PROPFIND',
      'MKCOL',
      'REPORT',
      'SEARCH',
      'LINK',
      'PURGE',
      'TRACE',
      'QUERY',
      'BREW',
      'made-up',
    ];
    await Promise.all(
      methods.map((method) => sendRaw(gateway, '/v1/models', { method }).catch(() => undefined)),
    );
    const now = await scrape(gateway);
    const seen = new Set(now.of('cerebro_http_requests_total').map(({ labels }) => labels.method));
    expect(seen).toContain('other');
    for (const method of seen) expect(method).toMatch(/^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|other)$/);
  });

  it('of two gateways in one process are their own', async () => {
    const other = await startTestGateway({ beside: gateway });
    const before = await scrape(other);
    expect(before.of('cerebro_predictions_total')).toEqual([]);
    const change = await changeBy(gateway, () => gateway.complete());
    expect(change.of('predictions_total')).toBe(1);
    expect((await scrape(other)).of('cerebro_predictions_total')).toEqual([]);
    await other.close();
  });
});

/** What the table of docs/observability.md says of each metric. */
function documented(): { name: string; type: string; labels: string[] }[] {
  const text = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8');
  return [...text.matchAll(/^\| `(cerebro_\w+)` +\| (\w+) +\| ([^|]*)\|/gm)].map(
    ([, name = '', type = '', labels = '']) => ({
      name,
      type,
      labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).sort(),
    }),
  );
}

function labelsOf({ labels }: Sample): string[] {
  return Object.keys(labels)
    .filter((label) => label !== 'le')
    .sort();
}

function versionOfPackage(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
