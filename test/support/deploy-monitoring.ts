// The rules and the dashboard of deploy/monitoring, and what their expressions ask for.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './deploy-tools.js';

/** The folder. */
export const MONITORING = join(ROOT, 'deploy/monitoring');

/** One alert. */
export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** One panel of the dashboard. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: unknown;
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly datasource: unknown;
  }[];
}

/** The dashboard, as far as tests look at it. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  readonly annotations: { readonly list: readonly { readonly expr?: string }[] };
}

/** Reads a YAML file of the folder. */
export function readYaml(path: string): unknown {
  return parse(readFileSync(join(MONITORING, path), 'utf8'));
}

/** Every alert. */
export function readRules(): Rule[] {
  const { groups } = readYaml('alerts.yml') as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** Reads the dashboard. */
export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(join(MONITORING, 'grafana/dashboards/cerebro.json'), 'utf8')) as Dashboard;
}

/** Every expression of the dashboard, with what Grafana would put for its variables. */
export function dashboardExpressions(): string[] {
  const { panels, annotations } = readDashboard();
  const written = [
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...annotations.list.flatMap(({ expr }) => expr ?? []),
  ];
  return written.map((expr) => expr.replaceAll('$__rate_interval', '1m').replaceAll('$model', '.*'));
}

/** A metric that an expression asks for, and the labels that it asks it for. */
export interface Asked {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** The metrics of Cerebro and its process that an expression names, with the labels of its matchers. */
export function metricsAsked(expr: string): Asked[] {
  const named = expr.matchAll(/\b((?:cerebro|process|nodejs)_\w+)(?:\{([^}]*)\})?/g);
  return [...named].map(([, metric = '', matchers = '']) => ({
    metric,
    labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }));
}

/** The labels that an expression groups by. */
export function labelsGroupedBy(expr: string): string[] {
  return [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(', '));
}

/** The metrics that a scrape shows: the type and the labels by the name, without those that Prometheus adds. */
export function metricsShown(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [name, type]),
  );
}

/** The name of the metric that a series belongs to: a histogram's or a summary's without its ending. */
export function metricOf(series: string, shown: ReadonlyMap<string, string>): string {
  const base = series.replace(/_(?:bucket|sum|count)$/, '');
  return ['histogram', 'summary'].includes(shown.get(base) ?? '') ? base : series;
}
