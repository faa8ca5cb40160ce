// What every request tells metrics and traces: one span, one count, one time. What it was about, other rooms tell.
import { context } from '@opentelemetry/api';
import { ATTR_HTTP_RESPONSE_STATUS_CODE } from '@opentelemetry/semantic-conventions';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Telemetry } from '../telemetry/telemetry.js';
import { fail, type TracedRequest } from '../telemetry/tracing.js';
import type { AccessLine } from './access-log.js';
import type { InFlight } from './in-flight.js';
import type {} from './request-facts.js';
import { EVERYWHERE } from './route-table.js';

/** Asked for by machines every few seconds, and about nothing but this node; and what is no address of ours. */
const UNTRACED = new Set(['/healthz', '/readyz', '/metrics', '/openapi.json', EVERYWHERE]);

/** HTTP's methods as metrics have them. Node parses some thirty others, which no route of ours takes. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Begins a span for each request, and does its work within it. Without a collector it adds nothing. */
export function registerTracing(fastify: FastifyInstance, { tracing }: Telemetry): void {
  if (!tracing.isOn) return;
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { method, headers, routeOptions } = request;
    // Whoever looks for addresses that are not there fills no trace with them.
    if (routeOptions.url === undefined || UNTRACED.has(routeOptions.url)) return done();
    const { traceparent } = headers;
    const parent = typeof traceparent === 'string' ? traceparent : undefined;
    request.traced = tracing.request(method, routeOptions.url, parent);
    withinSpan(request, done);
  });
  // A body is read in the context of its connection, not of its request.
  fastify.addHook('preValidation', (request, _reply, done) => withinSpan(request, done));
}

/** Shows how many requests are being answered, and how many of them by streams. */
export function watchInFlight({ metrics }: Telemetry, inFlight: InFlight): void {
  metrics.watch('http_requests_in_flight', 'Requests that are being answered.', () => inFlight.count);
  metrics.watch('streams_open', 'Event streams that are being written.', () => {
    let streams = 0;
    for (const { isStreamed } of inFlight.requests()) if (isStreamed) streams += 1;
    return streams;
  });
}

/** Counts a request that is over, and ends its span. */
export function requestEnded(
  { metrics }: Telemetry,
  request: FastifyRequest,
  reply: FastifyReply,
  line: AccessLine,
): void {
  const route = line.route ?? 'none';
  const seconds = reply.elapsedTime / 1000;
  const method = METHODS.has(line.method) ? line.method : 'other';
  metrics.httpRequests.inc({ method, route, status: line.status });
  metrics.httpDuration.observe({ route }, seconds);
  const { failure, notes, traced } = request;
  if (failure) metrics.errors.inc({ code: failure.reason });
  if (notes && !failure && line.status === 200)
    metrics.addedLatency.observe({ route }, Math.max(0, seconds - notes.waitedMs / 1000));
  if (traced) endSpan(traced, line);
}

function withinSpan({ traced }: FastifyRequest, done: () => void): void {
  if (traced) context.with(traced.context, done);
  else done();
}

function endSpan({ span }: TracedRequest, { status, error, requestId, tenantId, keyId }: AccessLine): void {
  span.setAttributes({
    [ATTR_HTTP_RESPONSE_STATUS_CODE]: status,
    'cerebro.request.id': requestId,
    ...(tenantId !== undefined && { 'cerebro.tenant.id': tenantId }),
    ...(keyId !== undefined && { 'cerebro.key.id': keyId }),
  });
  // A server's span fails by what the server did: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status
  if (error !== undefined && status < 500 && status !== 200) span.setAttribute('error.type', error);
  else if (error !== undefined || status >= 500) fail(span, error ?? String(status));
  span.end();
}
