// Where traces go, as OpenTelemetry's own variables say it:
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and /docs/specs/otel/protocol/exporter/
import type { SettingReader } from './setting-reader.js';

/** Samplers, by the names that `OTEL_TRACES_SAMPLER` has for them. */
export const TRACE_SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Where spans go, and which. */
export interface TraceSettings {
  /** Of the collector, for traces: as a rule it ends in `/v1/traces`. Headers, timeouts and certificates are read by
   * the exporter itself. */
  readonly url: string;
  readonly serviceName: string;
  readonly sampler: (typeof TRACE_SAMPLERS)[number];
  /** For the samplers by ratio: the part of traces that is kept, from 0 to 1. */
  readonly ratio: number;
  /** Whether another protocol than `http/protobuf` is asked for, which is not spoken. */
  readonly asksOtherProtocol?: true;
}

/** What the exporter speaks. */
const PROTOCOL = 'http/protobuf';

/** Undefined where no collector is named, or all is switched off. */
export function readTraceSettings(read: SettingReader): TraceSettings | undefined {
  const isOff = read.oneOf('OTEL_SDK_DISABLED', ['true', 'false']) === 'true';
  const base = read.url('OTEL_EXPORTER_OTLP_ENDPOINT', ['https:', 'http:']);
  const own = read.url('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', ['https:', 'http:']);
  const url = own ?? (base && `${base.replace(/\/+$/, '')}/v1/traces`);
  const sampler = read.oneOf('OTEL_TRACES_SAMPLER', TRACE_SAMPLERS) ?? 'parentbased_always_on';
  const ratio = read.matching(
    'OTEL_TRACES_SAMPLER_ARG',
    /^(?:0(?:\.\d+)?|1(?:\.0+)?)$/,
    'a number from 0 to 1',
  );
  const serviceName = read.text('OTEL_SERVICE_NAME') ?? 'cerebro';
  const [any, ofTraces] = [
    read.text('OTEL_EXPORTER_OTLP_PROTOCOL'),
    read.text('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'),
  ];
  if (url === undefined || isOff) return undefined;
  const protocol = ofTraces ?? any ?? PROTOCOL;
  return {
    url,
    serviceName,
    sampler,
    ratio: Number(ratio ?? 1),
    ...(protocol !== PROTOCOL && { asksOtherProtocol: true }),
  };
}
