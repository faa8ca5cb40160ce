// Sends spans to a collector, over OTLP. Loaded only where one is named.
import { context, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import type { TraceSettings } from '../config/trace-settings.js';
import { tellTraceProblems } from './trace-problems.js';

/** How long an end of the process waits for the collector, in milliseconds. */
const LAST_EXPORT = 2000;

/** Spans that wait to be sent, at the most; further ones are dropped. */
const QUEUE = 4096;

/** Between two exports, in milliseconds: what waits longer is lost with the process, or drops out of a full queue. */
const EXPORT_INTERVAL = 1000;

/** Starts to send. */
export function startTraceExport(
  { url, serviceName, sampler, ratio }: TraceSettings,
  version: string,
): { tracer: Tracer; stop: () => Promise<void> } {
  tellTraceProblems();
  // One for the process: where a span belongs is known by what is running, and that is the process's.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const own = { [ATTR_SERVICE_NAME]: serviceName, [ATTR_SERVICE_VERSION]: version };
  const provider = new TracerProvider({
    sampler: samplerOf(sampler, ratio),
    resource: defaultResource()
      // `OTEL_RESOURCE_ATTRIBUTES`
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(resourceFromAttributes(own)),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url }),
        maxQueueSize: QUEUE,
        scheduledDelayMillis: EXPORT_INTERVAL,
      }),
    ],
  });
  const late = () => new Promise<void>((resolve) => setTimeout(resolve, LAST_EXPORT).unref());
  return {
    tracer: provider.getTracer('cerebro', version),
    stop: () => Promise.race([provider.shutdown(), late()]),
  };
}

function samplerOf(name: TraceSettings['sampler'], ratio: number): Sampler {
  const plain = name.replace('parentbased_', '');
  const root = rootSampler(plain, ratio);
  return plain === name ? root : new ParentBasedSampler({ root });
}

function rootSampler(name: string, ratio: number): Sampler {
  if (name === 'always_off') return new AlwaysOffSampler();
  return name === 'traceidratio' ? new TraceIdRatioBasedSampler(ratio) : new AlwaysOnSampler();
}
