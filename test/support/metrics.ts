// What a gateway's /metrics says, as samples, and what has been added to them since.
import { expect } from 'vitest';
import { eventually, type Sent, type TestGateway } from './gateway.js';

/** Names and values of labels. */
export type Labels = Readonly<Record<string, string>>;

/** One line of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/**
 * Reads Prometheus' text format.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details
 */
export function readSamples(text: string): Sample[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined) throw new Error(`no sample: ${line}`);
    const pairs = [...labels.matchAll(LABEL)].map(([, label = '', escaped = '']) => [
      label,
      unescaped(escaped),
    ]);
    return { name, labels: Object.fromEntries(pairs) as Labels, value: Number(value) };
  });
}

/** The samples of one scrape. */
export class Scrape {
  constructor(readonly samples: readonly Sample[]) {}

  /** The samples of a metric that have these labels, and perhaps others. */
  of(name: string, labels: Labels = {}): Sample[] {
    const wanted = Object.entries(labels);
    return this.samples.filter(
      (sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value),
    );
  }

  /** Their sum; 0 where there are none. */
  sum(name: string, labels?: Labels): number {
    return this.of(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  /** How many series there are of Cerebro's own. */
  get series(): number {
    return this.samples.filter(({ name }) => name.startsWith('cerebro_')).length;
  }
}

/** Asks for the metrics as Prometheus does. */
export async function scrape(gateway: Pick<TestGateway, 'send'>, sent: Sent = {}): Promise<Scrape> {
  const { status, text } = await gateway.send('/metrics', { key: null, ...sent });
  expect(status, text).toBe(200);
  return new Scrape(readSamples(text));
}

/** What a piece of traffic has added to the metrics of a gateway. */
export class Change {
  constructor(
    private readonly before: Scrape,
    readonly after: Scrape,
  ) {}

  /** What was added to a counter, summed over all series with these labels. */
  of(name: string, labels?: Labels): number {
    return this.after.sum(`cerebro_${name}`, labels) - this.before.sum(`cerebro_${name}`, labels);
  }

  /** What was added to a metric by the values of one label, without those that stayed as they were. */
  by(name: string, label: string, labels?: Labels): Record<string, number> {
    const values = new Set(
      this.after.of(`cerebro_${name}`, labels).map((sample) => sample.labels[label] ?? ''),
    );
    const changes = [...values].map(
      (value) => [value, this.of(name, { ...labels, [label]: value })] as const,
    );
    return Object.fromEntries(changes.filter(([, added]) => added !== 0));
  }
}

/** Does something, and tells what it has added once everything that was sent to Replicate by it is settled. */
export async function changeBy(gateway: TestGateway, act: () => Promise<unknown>): Promise<Change> {
  const before = await scrape(gateway);
  const { creates } = gateway.sandbox.bill;
  await act();
  const sent = gateway.sandbox.bill.creates - creates;
  let change = new Change(before, before);
  await eventually('what was sent is settled and counted', async () => {
    change = new Change(before, await scrape(gateway));
    const notSent = change.of('predictions_total', { outcome: 'not_sent' });
    return change.of('predictions_total') - notSent >= sent;
  });
  return change;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
}
