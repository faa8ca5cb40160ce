// Builds a node's telemetry from its settings.
import type { TraceSettings } from '../config/trace-settings.js';
import { Metrics } from './metrics.js';
import { Telemetry } from './telemetry.js';
import { Tracing } from './tracing.js';
import { VERSION } from './version.js';

/** @param traces undefined: nothing is traced, and nothing is loaded for it */
export async function openTelemetry(traces: TraceSettings | undefined): Promise<Telemetry> {
  const metrics = new Metrics(VERSION);
  metrics.observeProcess();
  if (!traces) return new Telemetry(metrics);
  const { startTraceExport } = await import('./trace-export.js');
  const { tracer, stop } = startTraceExport(traces, VERSION);
  return new Telemetry(metrics, new Tracing(tracer), stop);
}
