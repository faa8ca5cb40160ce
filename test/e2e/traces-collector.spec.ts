// What tracing costs a gateway whose collector is not well: nothing but the spans. And what joins a trace and the log.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TraceSettings } from '../../src/config/trace-settings.js';
import { canary } from '../support/canary.js';
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { type Collector, startCollector } from '../support/otlp-collector.js';

let collector: Collector;
let gateway: TestGateway | undefined;
beforeEach(async () => {
  collector = await startCollector();
});
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  await collector.close();
  delete process.env.OTEL_EXPORTER_OTLP_HEADERS;
});

const start = async (changes: Partial<TraceSettings> = {}): Promise<TestGateway> => {
  const traces = { url: collector.url, serviceName: 'cerebro', sampler: 'always_on' as const, ratio: 1 };
  gateway = await startTestGateway({ settings: { traces: { ...traces, ...changes } } });
  return gateway;
};

describe('a collector', () => {
  it.each<[string, () => Partial<TraceSettings>]>([
    ['answers 500', () => ((collector.status = 500), {})],
    ['never answers', () => ((collector.status = 0), {})],
    ['is not there', () => ({ url: 'http://127.0.0.1:1/v1/traces' })],
  ])('that %s delays and fails no request, and holds up no shutdown', async (_, prepare) => {
    const changes = prepare();
    const node = await start(changes);
    for (let call = 0; call < 5; call += 1) expect((await node.complete()).status).toBe(200);
    gateway = undefined;
    const began = performance.now();
    await node.close();
    // Two seconds for the last spans; what is left are the gateway's own ends.
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('that refuses what it is sent is told of, once', async () => {
    collector.status = 404;
    const node = await start();
    const problems = () => canary.lines.filter((line) => line.includes('"context":"Traces"'));
    const refused = (line: string) => line.includes('(404)');
    expect((await node.complete()).status).toBe(200);
    await eventually('it was told of', () => problems().some(refused));
    expect(JSON.parse(problems().find(refused) ?? '')).toMatchObject({
      level: 'warn',
      msg: 'Spans are not sent as they should be: OTLPExporterError: Not Found (404)',
    });
    const exports = collector.bodies.length;
    const isRefusedAgain = () => collector.bodies.length > exports + 1;
    await eventually('it was refused again', async () => {
      await node.complete();
      return isRefusedAgain();
    });
    expect(problems().filter(refused)).toHaveLength(1);
  });

  it('gets the last spans when the gateway ends, with the headers that OTEL_EXPORTER_OTLP_HEADERS names', async () => {
    process.env.OTEL_EXPORTER_OTLP_HEADERS = 'x-collector-key=of-a-spec';
    const node = await start();
    expect((await node.complete()).status).toBe(200);
    gateway = undefined;
    await node.close();
    expect(collector.spans.map(({ name }) => name)).toContain('settle');
    expect(collector.headers[0]).toMatchObject({ 'x-collector-key': 'of-a-spec' });
  });

  it.each<[Partial<TraceSettings>, number]>([
    [{ sampler: 'always_off' }, 0],
    [{ sampler: 'traceidratio', ratio: 0 }, 0],
    [{ sampler: 'parentbased_traceidratio', ratio: 1 }, 1],
  ])('gets as much as the sampler lets through: %j', async (changes, calls) => {
    const node = await start(changes);
    expect((await node.complete()).status).toBe(200);
    gateway = undefined;
    await node.close();
    expect(collector.spans.filter(({ name }) => name.startsWith('text_completion '))).toHaveLength(calls);
  });
});

describe("a request's line in the log", () => {
  it('names its trace, which is that of its span, and has the fields of the documentation', async () => {
    const node = await start();
    const { headers } = await node.complete();
    const id = String(headers['x-request-id']);
    const ofRequest = () => collector.spans.find(({ attributes }) => attributes['cerebro.request.id'] === id);
    await eventually('its span came', () => ofRequest() !== undefined);
    const line = canary.lines.find(
      (text) => text.includes(`"requestId":"${id}"`) && text.includes('"msg":"request"'),
    );
    const fields = JSON.parse(line ?? '{}') as object;
    expect(fields).toMatchObject({ traceId: ofRequest()?.traceId });
    const documentation = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8');
    expect(Object.keys(fields).filter((field) => !documentation.includes(`"${field}":`))).toEqual([]);
  });
});

it('without a collector, nothing of the SDK is loaded: one file imports it, and that on demand alone', () => {
  const source = fileURLToPath(new URL('../../src', import.meta.url));
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const importing = (pattern: RegExp) =>
    files.filter((name) => pattern.test(readFileSync(`${source}/${name}`, 'utf8')));
  expect(importing(/from '@opentelemetry\/(?!api'|semantic-conventions')/)).toEqual([
    'telemetry/trace-export.ts',
  ]);
  expect(importing(/^import .*trace-export/m)).toEqual([]);
  expect(importing(/await import\('\.\/trace-export\.js'\)/)).toEqual(['telemetry/open-telemetry.ts']);
});
