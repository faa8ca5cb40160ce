// Spans of OpenTelemetry. Where no collector is named, nothing is recorded and nothing costs time.
import {
  type Attributes,
  context,
  type Context,
  createContextKey,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_ROUTE,
} from '@opentelemetry/semantic-conventions';
import { GEN_AI, operationOf, PROVIDER } from './gen-ai.js';
import { readTraceparent, writeTraceparent } from './trace-parent.js';

/** The request's own span, wherever its work is done. */
const REQUEST = createContextKey('cerebro.request');

/** What is kept under it. */
interface RequestSpan {
  readonly span: Span;
  /** See `gen_ai.operation.name`; undefined for a request that asks no model. */
  readonly operation: string | undefined;
}

/** Where a piece of work belongs; undefined where nothing is traced. */
export type TraceContext = Context | undefined;

/** A request whose work is traced. */
export interface TracedRequest {
  readonly span: Span;
  readonly context: Context;
}

/** Spans of one node. */
export class Tracing {
  /** @param tracer undefined: nothing is traced */
  constructor(private readonly tracer?: Tracer) {}

  /** Whether anything is traced. */
  get isOn(): boolean {
    return this.tracer !== undefined;
  }

  /**
   * Begins the span of a request, as a child of its caller's.
   *
   * @param traceparent the header of that name: https://www.w3.org/TR/trace-context/#traceparent-header
   */
  request(
    method: string,
    route: string | undefined,
    traceparent: string | undefined,
  ): TracedRequest | undefined {
    if (!this.tracer) return undefined;
    const parent = traceparent === undefined ? undefined : readTraceparent(traceparent);
    const from = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
    const operation = operationOf(route);
    const attributes = {
      [ATTR_HTTP_REQUEST_METHOD]: method,
      ...(route !== undefined && { [ATTR_HTTP_ROUTE]: route }),
      ...(operation !== undefined && { [GEN_AI.operation]: operation, [GEN_AI.provider]: PROVIDER }),
    };
    const name = route === undefined ? method : `${method} ${route}`;
    const span = this.tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, from);
    return { span, context: trace.setSpan(from, span).setValue(REQUEST, { span, operation }) };
  }

  /** Says more about the request whose work is being done. */
  describe(attributes: Attributes): void {
    if (this.isOn) ofRequest()?.span.setAttributes(attributes);
  }

  /** Says which model the request is for: its span is then called after that, as the conventions want it. */
  describeModel(model: string, attributes: Attributes): void {
    const request = this.isOn ? ofRequest() : undefined;
    request?.span.setAttributes({ [GEN_AI.requestModel]: model, ...attributes });
    if (request?.operation !== undefined) request.span.updateName(`${request.operation} ${model}`);
  }

  /** What is done now belongs there; for work that goes on after its request. */
  here(): TraceContext {
    return this.tracer && context.active();
  }

  /** Does a piece of work in a span of its own. */
  async within<Value>(
    name: string,
    work: (span: Span | undefined) => Promise<Value>,
    { kind = SpanKind.INTERNAL, from = this.here() }: { kind?: SpanKind; from?: TraceContext } = {},
  ): Promise<Value> {
    if (!this.tracer || !from) return work(undefined);
    const span = this.tracer.startSpan(name, { kind }, from);
    try {
      return await context.with(trace.setSpan(from, span), () => work(span));
    } catch (error) {
      fail(span, nameOf(error));
      throw error;
    } finally {
      span.end();
    }
  }

  /** The header that tells another service which span it works for; undefined where nothing is traced. */
  traceparent(): string | undefined {
    const span = this.tracer && trace.getActiveSpan()?.spanContext();
    return span && writeTraceparent(span);
  }
}

/** Marks a span as failed, by an error's name: messages may hold what a caller wrote. */
export function fail(span: Span, error: string): void {
  span.setAttribute(ATTR_ERROR_TYPE, error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function ofRequest(): RequestSpan | undefined {
  return context.active().getValue(REQUEST) as RequestSpan | undefined;
}

function nameOf(error: unknown): string {
  const { reason, name } = error as { reason?: unknown; name?: unknown };
  if (typeof reason === 'string') return reason;
  return typeof name === 'string' ? name : '_OTHER';
}
