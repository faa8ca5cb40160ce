// The instruments of one node, as Prometheus has them. The help texts are what docs/observability.md says of them.
import {
  collectDefaultMetrics,
  Counter,
  type CounterConfiguration,
  Gauge,
  Histogram,
  Registry,
} from 'prom-client';
import { ModelNames } from './model-names.js';
import { SummedNumber } from './summed-number.js';

/** From half a millisecond to five seconds. */
const OWN_TIME = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Up to the longest wait for a model: boots take minutes. */
const WAITS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200];

/** The process's own metrics. They observe the event loop and the collector, so there is one of them in a process. */
let processMetrics: Registry | undefined;

/** Sums of other metrics, which Prometheus takes for counters by their names. */
const MISNAMED = ['handles', 'requests', 'resources'].map((kind) => `nodejs_active_${kind}_total`);

/** Every instrument has few values of each label: none holds anything that a caller can make up. */
export class Metrics {
  private readonly own = new Registry();
  private readonly models = new ModelNames();

  readonly httpRequests = this.counter('http_requests_total', 'Requests that are over.', [
    'method',
    'route',
    'status',
  ]);
  readonly httpDuration = this.histogram(
    'http_request_duration_seconds',
    'From the head of a request to the end of its answer.',
    ['route'],
    WAITS,
  );
  readonly errors = this.counter(
    'errors_total',
    'Errors that callers were told, in streams too, and for bytes that are no request.',
    ['code'],
  );
  readonly addedLatency = this.histogram(
    'added_latency_seconds',
    'The part of an answered request that was not spent waiting for Replicate.',
    ['route'],
    OWN_TIME,
  );
  readonly modelWait = this.histogram(
    'model_wait_seconds',
    'Where the time of predictions went: until Replicate was asked, until the model ran, running.',
    ['model', 'phase'],
    WAITS,
  );
  readonly predictions = this.counter('predictions_total', 'Predictions that are settled.', [
    'model',
    'outcome',
  ]);
  readonly tokens = this.counter('tokens_total', 'Tokens that callers were told of.', ['model', 'type']);
  readonly cost = this.counter('cost_usd_total', 'What settled predictions cost, in US dollars.', ['model']);
  readonly admissions = this.counter(
    'admissions_total',
    'Predictions let in, or the error that they were refused with.',
    ['decision'],
  );
  readonly admissionDuration = this.histogram(
    'admission_duration_seconds',
    'What it takes to check all limits and write an intent down.',
    [],
    OWN_TIME,
  );
  readonly cacheLookups = this.counter('cache_lookups_total', 'Looks into caches.', ['cache', 'result']);
  /** Each account's models whose creates are held back. */
  readonly breakersOpen = new SummedNumber();
  readonly breakerOpenings = this.counter(
    'circuit_breaker_openings_total',
    'How often creates of a model began to be held back.',
    [],
  );
  readonly upstreamRequests = this.counter(
    'upstream_requests_total',
    'Requests to Replicate, by the status of their answers; `error` for those without one.',
    ['operation', 'status'],
  );
  readonly upstreamDuration = this.histogram(
    'upstream_request_duration_seconds',
    'Requests to Replicate. A held create lasts as long as its prediction, up to a minute.',
    ['operation'],
    WAITS,
  );
  readonly webhooks = this.counter('webhooks_received_total', 'Webhooks of Replicate.', ['result']);
  readonly budgetAlerts = this.counter('budget_alerts_total', 'Attempts to deliver budget alerts.', [
    'result',
  ]);
  readonly reconciled = this.counter(
    'reconciled_predictions_total',
    'Predictions that nobody looked after and that this node took up.',
    ['result'],
  );
  readonly unsettled = this.gauge(
    'unsettled_predictions',
    'Predictions of all nodes that are past their deadline and not settled, when this node looked last.',
  );
  readonly ready = this.gauge('ready', '1 where this node can serve requests, as /readyz would say.');

  /** @param version of Cerebro */
  constructor(version = 'unknown') {
    this.watch(
      'circuit_breakers_open',
      'Models whose creates are held back; not those that nobody has asked for a minute.',
      () => this.breakersOpen.value,
    );
    this.gauge('build_info', 'What runs here.', ['version', 'node']).set(
      { version, node: process.version },
      1,
    );
  }

  /** These models are labels for sure, however many others come: those that the operator names. */
  reserveModels(names: Iterable<string>): void {
    this.models.reserve(names);
  }

  /** A model as a label's value: its name, or `other` when this process has seen very many. */
  modelLabel(name: string): string {
    return this.models.bounded(name);
  }

  /** Shows a number that somebody else counts, read when it is asked for. */
  watch(name: string, help: string, read: () => number): void {
    new Gauge({
      name: `cerebro_${name}`,
      help,
      registers: [this.own],
      collect() {
        this.set(read());
      },
    });
  }

  /** As {@link watch}, of several numbers, by the values of labels. */
  watchAll(
    name: string,
    help: string,
    labels: readonly string[],
    read: () => Iterable<readonly [Readonly<Record<string, string>>, number]>,
  ): void {
    new Gauge({
      name: `cerebro_${name}`,
      help,
      labelNames: [...labels],
      registers: [this.own],
      collect() {
        for (const [values, value] of read()) this.set({ ...values }, value);
      },
    });
  }

  /** Observes the process itself too, from now on. */
  observeProcess(): void {
    if (processMetrics) return;
    processMetrics = new Registry();
    collectDefaultMetrics({ register: processMetrics });
    for (const name of MISNAMED) processMetrics.removeSingleMetric(name);
  }

  /** Everything, in Prometheus' text format. */
  async text(): Promise<string> {
    const own = await this.own.metrics();
    return processMetrics ? `${await processMetrics.metrics()}\n${own}` : own;
  }

  /** The media type of {@link text}. */
  get contentType(): string {
    return this.own.contentType;
  }

  private counter<Label extends string>(name: string, help: string, labels: readonly Label[]) {
    const options: CounterConfiguration<Label> = {
      name: `cerebro_${name}`,
      help,
      labelNames: [...labels],
      registers: [this.own],
    };
    return new Counter(options);
  }

  private gauge<Label extends string = never>(name: string, help: string, labels: readonly Label[] = []) {
    return new Gauge({ name: `cerebro_${name}`, help, labelNames: [...labels], registers: [this.own] });
  }

  private histogram<Label extends string>(
    name: string,
    help: string,
    labels: readonly Label[],
    buckets: number[],
  ) {
    return new Histogram({
      name: `cerebro_${name}`,
      help,
      labelNames: [...labels],
      buckets,
      registers: [this.own],
    });
  }
}
