// Spans of a whole gateway, as a collector on loopback gets them: which there are, whose children they are, what they say.
import { request as httpRequest } from 'node:http';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Reconciler } from '../../src/gateway/reconciler.service.js';
import { GEN_AI } from '../../src/telemetry/gen-ai.js';
import { type TracedRequest, Tracing } from '../../src/telemetry/tracing.js';
import { canary, expectNone } from '../support/canary.js';
import {
  type Answer,
  eventually,
  freePort,
  type Sent,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.js';
import { expectOneBill } from '../support/ledger.js';
import { changeBy } from '../support/metrics.js';
import { type Collector, type ReceivedSpan, startCollector } from '../support/otlp-collector.js';
import { chat, readStream } from '../support/stream-reader.js';

const MODEL = 'cerebro-phi3.5-vision-instruct';
const [INTERNAL, SERVER, CLIENT] = [1, 2, 3];
const PARENT = 'b7ad6b7169203331';

let collector: Collector;
let gateway: TestGateway;
let silent: TestGateway;
beforeAll(async () => {
  collector = await startCollector();
  const port = await freePort();
  const traces = {
    url: collector.url,
    serviceName: 'cerebro-under-test',
    sampler: 'parentbased_always_on' as const,
    ratio: 1,
  };
  gateway = await startTestGateway({
    port,
    settings: { traces, models: ['*'], publicUrl: `http://127.0.0.1:${port}` },
  });
  silent = await startTestGateway({ beside: gateway });
});
afterAll(async () => {
  await silent.close();
  await gateway.close();
  await collector.close();
  expectNone(collector.bodies.flatMap((body) => canary.findIn('a span', body.toString('latin1'))));
});

let traces = 0;
/** A caller's trace: its id, and the header that names it. */
const aTrace = (flags = '01') => {
  const id = (0xabc0 + traces++).toString(16).padStart(32, '1');
  return { id, headers: { traceparent: `00-${id}-${PARENT}-${flags}` } };
};
/** Sends something within a trace, and gives its spans. */
async function traced(
  count: number,
  send: (sent: Sent) => Promise<unknown>,
): Promise<{ root: ReceivedSpan; spans: ReceivedSpan[]; names: string[] }> {
  const { id, headers } = aTrace();
  await send({ headers });
  const spans = await collector.trace(id, count);
  const root = spans.find(({ kind }) => kind === SERVER);
  if (!root) throw new Error('no span of the request');
  return { root, spans, names: spans.map(({ name }) => name).sort() };
}
const named = (spans: readonly ReceivedSpan[], name: string) => spans.filter((span) => span.name === name);
const idOf = ({ json }: Answer) => (json as { id: string }).id;
const creates = () =>
  gateway.sandbox.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/predictions'));

describe('a call', () => {
  it('is one span with the attributes of the conventions, and children for what it consists of', async () => {
    let answer: Answer | undefined;
    gateway.sandbox.script({ run: 50 });
    const { root, spans, names } = await traced(5, async (sent) => {
      answer = await gateway.complete({ temperature: 0.5, max_tokens: 100 }, sent);
    });
    expect(answer?.status).toBe(200);
    expect(names).toEqual(['admission', 'create', 'settle', `text_completion ${MODEL}`, 'wait']);
    const { usage } = answer?.json as unknown as { usage: Record<string, number> };
    expect(root.parentId).toBe(PARENT);
    expect(root.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/v1/completions',
      'http.response.status_code': 200,
      'gen_ai.operation.name': 'text_completion',
      'gen_ai.provider.name': 'replicate',
      'gen_ai.request.model': MODEL,
      'gen_ai.response.model': MODEL,
      'gen_ai.response.id': idOf(answer as Answer),
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': usage.prompt_tokens,
      'gen_ai.usage.output_tokens': usage.completion_tokens,
      'gen_ai.request.max_tokens': 100,
      'gen_ai.request.temperature': 0.5,
      'gen_ai.output.type': 'text',
      'cerebro.request.id': answer?.headers['x-request-id'],
      'cerebro.tenant.id': gateway.tenantId,
    });
    expect(root.resource).toMatchObject({ 'service.name': 'cerebro-under-test' });
    expect(root.status).toBe(0);
    for (const child of spans.filter((span) => span !== root)) {
      expect(child.parentId, child.name).toBe(root.spanId);
      expect(child.kind, child.name).toBe(child.name === 'create' ? CLIENT : INTERNAL);
      expect(child.end >= child.start && child.start >= root.start, child.name).toBe(true);
    }
  });

  it('is named and told as OpenTelemetry names things', () => {
    const known = new Set<unknown>(Object.values(conventions));
    for (const name of Object.values(GEN_AI)) expect(known, name).toContain(name);
  });

  it('that streams has the same spans, and what was used', async () => {
    gateway.sandbox.script({ run: 300, output: ['A ', 'red ', 'bicycle.'] });
    let usage: Readonly<Record<string, number>> | null | undefined;
    const { root, spans, names } = await traced(5, async ({ headers }) => {
      const sent = chat('Tell me.', { stream_options: { include_usage: true } });
      ({ usage } = await readStream(gateway, { ...sent, ...(headers && { headers }) }));
    });
    expect(names).toEqual(['admission', 'chat meta/meta-llama-3-8b-instruct', 'create', 'settle', 'wait']);
    expect(root.attributes['gen_ai.usage.output_tokens']).toBe(usage?.completion_tokens);
    for (const child of spans.filter((span) => span !== root)) expect(child.parentId).toBe(root.spanId);
  });

  it('whose body comes in pieces keeps its span', async () => {
    const { root, spans } = await traced(5, ({ headers }) => sendInPieces(gateway, headers ?? {}));
    expect(named(spans, 'create')[0]?.parentId).toBe(root.spanId);
    expect(named(spans, 'settle')[0]?.parentId).toBe(root.spanId);
  });

  it('for two choices has two of each', async () => {
    const { root, names } = await traced(9, (sent) => {
      const { body } = chat('Tell me twice.', { n: 2 });
      return gateway.send('/v1/chat/completions', { method: 'POST', body, ...sent });
    });
    const two = ['admission', 'create', 'settle', 'wait'].flatMap((name) => [name, name]);
    expect(names.filter((name) => !name.startsWith('chat '))).toEqual(two);
    expect(root.attributes['gen_ai.request.choice.count']).toBe(2);
    expect(root.attributes['gen_ai.response.finish_reasons']).toEqual(['stop', 'stop']);
  });

  it('that repeats another waits with it, and creates nothing', async () => {
    gateway.sandbox.script({ boot: 1000 });
    const before = creates().length;
    const first = gateway.complete({ prompt: 'Asked twice.' });
    await eventually('the create arrived', () => creates().length > before);
    const { names } = await traced(2, ({ headers }) =>
      gateway.complete(
        { prompt: 'Asked twice.' },
        { headers: { ...headers, 'x-stainless-retry-count': '1' } },
      ),
    );
    expect(names).toEqual([`text_completion ${MODEL}`, 'wait']);
    expect((await first).status).toBe(200);
  });

  it('whose end a webhook tells has that end in its own trace', async () => {
    gateway.sandbox.script({ boot: 400, resetAfterAccept: true, unlisted: 60_000 });
    const { root, spans } = await traced(5, (sent) => gateway.complete({}, sent));
    expect(named(spans, 'settle').map(({ parentId }) => parentId)).toEqual([root.spanId]);
    const webhooks = collector.spans.filter(({ name }) => name === 'POST /webhooks/replicate/:id');
    for (const { traceId } of webhooks) expect(traceId).not.toBe(root.traceId);
  });

  it('that fails says why, by the name of the error alone', async () => {
    gateway.sandbox.script({ fail: 'a secret reason 4711' });
    const failed = await traced(5, (sent) => gateway.complete({}, sent));
    expect([failed.root.status, failed.root.attributes['http.response.status_code']]).toEqual([2, 502]);
    expect(failed.root.attributes['error.type']).toMatch(/^[a-z_]+$/);
    expect(named(failed.spans, 'settle')[0]?.status).toBe(0);
    const { root } = await traced(1, (sent) => gateway.complete({ prompt: 1 }, sent));
    // What a caller does wrong is no failure of the server.
    expect([root.status, root.attributes['error.type']]).toEqual([0, 'invalid_type']);
    expect(collector.bodies.some((body) => body.includes('secret reason'))).toBe(false);
  });

  it('that is answered by an error in its stream has a failed span under a 200', async () => {
    gateway.sandbox.script({ run: 300, output: ['A ', 'red '], fail: 'out of luck' });
    const { root } = await traced(5, ({ headers }) =>
      readStream(gateway, { ...chat('Tell me.'), ...(headers && { headers }) }),
    );
    expect([root.status, root.attributes['http.response.status_code']]).toEqual([2, 200]);
  });
});

describe('traceparent', () => {
  it('goes on to Replicate with the span of the create, and nothing else of the kind does', async () => {
    const before = creates().length;
    const { spans } = await traced(5, ({ headers }) =>
      gateway.complete({}, { headers: { ...headers, tracestate: 'a=1', baggage: 'b=2' } }),
    );
    const [create] = named(spans, 'create');
    expect(creates()[before]?.headers.traceparent).toBe(`00-${create?.traceId}-${create?.spanId}-01`);
    for (const { headers: sent } of gateway.sandbox.requests) {
      expect(sent).not.toHaveProperty('tracestate');
      expect(sent).not.toHaveProperty('baggage');
    }
  });

  it('that is not sampled is passed on, and nothing is recorded', async () => {
    const before = creates().length;
    const { id, headers } = aTrace('00');
    expect((await gateway.complete({}, { headers })).status).toBe(200);
    expect(creates()[before]?.headers.traceparent).toMatch(new RegExp(`^00-${id}-[0-9a-f]{16}-00$`));
    await traced(5, (sent) => gateway.complete({}, sent));
    expect(collector.spans.filter(({ traceId }) => traceId === id)).toEqual([]);
  });

  it.each(['nonsense', `00-${'0'.repeat(32)}-${PARENT}-01`])(
    'that is none begins a new trace: %s',
    async (header) => {
      const { headers } = await gateway.complete({}, { headers: { traceparent: header } });
      const ofRequest = () =>
        collector.spans.find(
          ({ attributes }) => attributes['cerebro.request.id'] === headers['x-request-id'],
        );
      await eventually('its span came', () => ofRequest() !== undefined);
      expect(ofRequest()?.parentId).toBe('');
      expect(ofRequest()?.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
    },
  );
});

describe('nothing is traced', () => {
  it('of probes, of addresses that are not there, nor of a gateway without traces in the same process', async () => {
    const { id, headers } = aTrace();
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/v1/nowhere', '/nowhere'])
      await gateway.send(path, { headers, key: null });
    const before = creates().length;
    expect((await silent.complete({}, { headers })).status).toBe(200);
    expect(creates()[before]?.headers).not.toHaveProperty('traceparent');
    await silent.app.nest.get(Reconciler).run();
    await expectOneBill(gateway);
    await traced(5, (sent) => gateway.complete({}, sent));
    expect(collector.spans.filter(({ traceId }) => traceId === id)).toEqual([]);
    const roots = collector.spans.filter(({ parentId, name }) => parentId === '' && name !== 'settle');
    for (const { kind } of roots) expect(kind).toBe(SERVER);
  });
});

it("pages' preflights begin no span, and what else begins one ends it", async () => {
  const begun = vi.spyOn(Tracing.prototype, 'request');
  const origin = 'https://app.example.com';
  const traces = { url: collector.url, serviceName: 'cerebro', sampler: 'always_on' as const, ratio: 1 };
  const shared = await startTestGateway({ beside: gateway, settings: { traces, corsOrigins: [origin] } });
  const change = await changeBy(shared, async () => {
    const preflight = { origin, 'access-control-request-method': 'POST' };
    const options = (headers: Record<string, string>) =>
      shared.send('/v1/completions', { method: 'OPTIONS', key: null, headers });
    expect((await options(preflight)).status).toBe(204);
    expect((await options({ origin })).status).toBe(405);
    expect((await shared.send('/v1/models', { headers: { origin } })).status).toBe(200);
  });
  expect(change.by('errors_total', 'code')).toMatchObject({ method_not_allowed: 1 });
  expect(change.by('http_requests_total', 'status', { route: 'none' })).toEqual({ 405: 1 });
  const spans = begun.mock.results.map(({ value }) => (value as TracedRequest | undefined)?.span);
  expect(spans.length).toBeGreaterThanOrEqual(1);
  await eventually('all have ended', () => spans.every((span) => span?.isRecording() === false));
  begun.mockRestore();
  await shared.close();
});

/** Sends a call whose body takes its time. */
function sendInPieces({ url, key }: TestGateway, headers: Record<string, string>): Promise<void> {
  const text = JSON.stringify({ prompt: 'Slowly.', image_urls: 'https://example.com/image.jpg' });
  return new Promise((resolve, reject) => {
    const sending = httpRequest(`${url}/v1/completions`, {
      method: 'POST',
      agent: false,
      headers: { ...headers, authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    });
    sending.on('error', reject);
    sending.on('response', (answer) => answer.resume().on('end', resolve));
    sending.flushHeaders();
    setTimeout(() => sending.write(text.slice(0, 20)), 50);
    setTimeout(() => sending.end(text.slice(20)), 150);
  });
}
