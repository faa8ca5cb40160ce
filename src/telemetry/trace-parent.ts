// The `traceparent` header. Source: https://www.w3.org/TR/trace-context/#traceparent-header
import { isSpanContextValid, type SpanContext } from '@opentelemetry/api';

/** Version, trace, span, flags; what a later version adds behind them is left alone. */
const HEADER = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The span of a header; undefined for what is no valid one, which is as good as none. */
export function readTraceparent(header: string): SpanContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', rest] = HEADER.exec(header.trim()) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  const span = { traceId, spanId, traceFlags: parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(span) ? span : undefined;
}

/** The header of a span. */
export function writeTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 1).toString(16).padStart(2, '0')}`;
}
