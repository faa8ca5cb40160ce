// Prometheus' configuration, the alerts and the dashboard: as their tools want them, and about metrics that exist.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { catalogue } from '../../src/errors/catalogue.js';
import type { ErrorSpec } from '../../src/errors/error-spec.js';
import {
  dashboardExpressions,
  labelsGroupedBy,
  metricOf,
  metricsAsked,
  metricsShown,
  MONITORING,
  readDashboard,
  readRules,
  readYaml,
} from '../support/deploy-monitoring.js';
import { bytesOf, readCompose } from '../support/deploy-compose.js';
import { isMissing, runTool } from '../support/deploy-tools.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { readSamples } from '../support/metrics.js';

const rules = readRules();
const dashboard = readDashboard();
const tests = ['alerts.test.yml', 'alerts-load.test.yml'];
const testTexts = tests.map((file) => readFileSync(join(MONITORING, file), 'utf8')).join('\n');

/** Grafana's units that are used here. */
const UNITS = /^(?:short|s|reqps|ops|bytes|percentunit|currencyUSD)$/;

/** Labels that Prometheus adds. */
const ADDED = ['job', 'instance'];

describe('the alerts', () => {
  it.each(rules)('$alert says how bad it is, what it is, and what to do', ({ labels, annotations }) => {
    expect(Object.keys(labels)).toEqual(['severity']);
    expect(['critical', 'warning']).toContain(labels.severity);
    expect(Object.keys(annotations)).toEqual(['summary', 'description', 'runbook_url']);
    expect(annotations.runbook_url).toMatch(/^docs\/operations\.md#[a-z-]+$/);
  });

  it('are as many as their names', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it.each(rules)('$alert fires in a test', ({ alert, labels }) => {
    expect(testTexts).toContain(`{alertname="${alert}",severity="${labels.severity}"}`);
  });

  it('name errors that the catalogue has, and every one that no caller can help', () => {
    const named = (alert: string) =>
      (/code=~"([^"]*)"/.exec(rules.find((rule) => rule.alert === alert)?.expr ?? '')?.[1] ?? '').split('|');
    for (const code of rules.flatMap(({ alert }) => named(alert)).filter(Boolean))
      expect(Object.keys(catalogue)).toContain(code);
    const failures = Object.entries<ErrorSpec>(catalogue).filter(([, { status }]) => status >= 500);
    // A node that stops says so; it is no fault.
    const expected = failures.map(([name]) => name).filter((name) => name !== 'shutting_down');
    expect(named('CerebroErrorRateHigh').sort()).toEqual(expected.sort());
  });

  it('tell of memory before the limit of compose.yaml', () => {
    const expr = rules.find(({ alert }) => alert === 'MemoryHigh')?.expr ?? '';
    const [, mebibytes] = /> (\d+) \* 1024 \* 1024$/.exec(expr) ?? [];
    const limit = bytesOf(readCompose().services.cerebro?.deploy.resources.limits.memory ?? '');
    expect(Number(mebibytes) * 1024 ** 2).toBeLessThan(0.85 * limit);
  });
});

describe.skipIf(isMissing('promtool'))('promtool (skipped where it is not installed)', () => {
  it('takes the configuration', () => {
    const { status, output } = runTool(
      'promtool',
      ...['check', 'config', '--syntax-only', join(MONITORING, 'prometheus.yml')],
    );
    expect(status, output).toBe(0);
  });

  it('takes the alerts', () => {
    const { status, output } = runTool(
      'promtool',
      ...['check', 'rules', '--lint=all', '--lint-fatal', join(MONITORING, 'alerts.yml')],
    );
    expect(status, output).toBe(0);
  });

  it.each(tests)('finds that the alerts fire as %s says', (file) => {
    const { status, output } = runTool('promtool', 'test', 'rules', join(MONITORING, file));
    expect(status, output).toBe(0);
  });

  it('takes every expression of the dashboard', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cerebro-dashboard-'));
    const path = join(folder, 'rules.yml');
    const records = dashboardExpressions().map((expr, i) => ({ record: `panel:${i}`, expr }));
    writeFileSync(path, stringify({ groups: [{ name: 'dashboard', rules: records }] }));
    const { status, output } = runTool('promtool', 'check', 'rules', path);
    rmSync(folder, { recursive: true });
    expect(status, output).toBe(0);
  });
});

describe('what is asked of the metrics', () => {
  let gateway: TestGateway;
  let shown: Map<string, string>;
  let labels: Map<string, Set<string>>;
  beforeAll(async () => {
    gateway = await startTestGateway();
    await gateway.complete();
    await gateway.send('/v1/nothing');
    const { text } = await gateway.send('/metrics', { key: null });
    shown = metricsShown(text);
    labels = new Map();
    for (const sample of readSamples(text)) {
      const metric = metricOf(sample.name, shown);
      const known = labels.get(metric) ?? new Set(ADDED);
      labels.set(metric, new Set([...known, ...Object.keys(sample.labels)]));
    }
  });
  afterAll(() => gateway.close());

  const written = [
    ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
    ...dashboardExpressions().map((expr) => ({ where: 'the dashboard', expr })),
    ...[...testTexts.matchAll(/series: '([^']+)'/g)].map(([, expr = '']) => ({ where: 'a test', expr })),
  ];

  it.each(written)('exists: $where, $expr', ({ expr }) => {
    for (const { metric: series, labels: asked } of metricsAsked(expr)) {
      const metric = metricOf(series, shown);
      expect([...shown.keys()]).toContain(metric);
      const known = labels.get(metric);
      // A metric without a sample yet has labels that nobody sees.
      if (known) for (const label of asked) expect([...known], `${metric}{${label}}`).toContain(label);
      const grouped = known && metricsAsked(expr).length === 1 ? labelsGroupedBy(expr) : [];
      for (const label of grouped) expect([...(known ?? [])], `${metric} by ${label}`).toContain(label);
    }
  });

  it('is everything that Cerebro counts, but for what runs and how often', () => {
    const asked = new Set(written.flatMap(({ expr }) => metricsAsked(expr).map(({ metric }) => metric)));
    const names = [...asked].map((series) => metricOf(series, shown));
    const unused = [...shown.keys()].filter((name) => name.startsWith('cerebro_') && !names.includes(name));
    expect(unused).toEqual(['cerebro_build_info']);
  });
});

describe('the dashboard', () => {
  const { panels } = dashboard;
  const source = { type: 'prometheus', uid: '${datasource}' };

  it('has a row for each matter', () => {
    expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      ...['Traffic', 'Errors', 'Latency', 'Money and tokens', 'Admission', 'Upstream', 'Streams', 'Node'],
    ]);
  });

  it('lets choose the data source and the model', () => {
    const variables = dashboard.templating.list.map(({ name, type }) => [name, type]);
    expect(variables).toEqual([
      ['datasource', 'datasource'],
      ['model', 'query'],
    ]);
    for (const panel of panels.filter(({ type }) => type !== 'row')) {
      expect(panel.datasource, panel.title).toEqual(source);
      for (const { datasource } of panel.targets ?? []) expect(datasource, panel.title).toEqual(source);
    }
  });

  it('has panels of known kinds, each with a place, a question and a unit of its own', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { type, title, gridPos, targets, fieldConfig } of panels) {
      expect(['row', 'timeseries', 'stat', 'heatmap']).toContain(type);
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
      if (type === 'row') continue;
      const refs = targets?.map(({ refId }) => refId) ?? [];
      expect([refs.length > 0, new Set(refs).size], title).toEqual([true, refs.length]);
      if (type !== 'heatmap') expect(fieldConfig?.defaults.unit, title).toMatch(UNITS);
    }
  });

  it('has seconds for times, dollars for costs, bytes for memory, parts of one for shares', () => {
    const unitOf = (metric: string) =>
      new Set(
        panels
          .filter(
            ({ type, targets }) => type !== 'heatmap' && targets?.some(({ expr }) => expr.includes(metric)),
          )
          .map(({ fieldConfig }) => fieldConfig?.defaults.unit),
      );
    for (const metric of [
      '_latency_seconds_bucket',
      '_wait_seconds_bucket',
      '_duration_seconds_bucket',
      '_lag_',
    ])
      expect([...unitOf(metric)], metric).toEqual(['s']);
    expect([...unitOf('cost_usd')]).toEqual(['currencyUSD']);
    expect([...unitOf('memory_bytes')]).toEqual(['bytes']);
    expect([...unitOf('cache_lookups')]).toEqual(['percentunit']);
  });

  it('is found by Grafana, with the data source that is provided', () => {
    const { services } = readCompose();
    const { datasources } = readYaml('grafana/provisioning/datasources/prometheus.yml') as {
      datasources: { url: string; type: string }[];
    };
    expect(datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090' }]);
    const { providers } = readYaml('grafana/provisioning/dashboards/cerebro.yml') as {
      providers: { options: { path: string } }[];
    };
    const mounted = services.grafana?.volumes?.find((it) =>
      it.startsWith('./deploy/monitoring/grafana/dash'),
    );
    expect(mounted?.split(':')[1]).toBe(providers[0]?.options.path);
    expect([dashboard.uid, dashboard.schemaVersion >= 39]).toEqual(['cerebro', true]);
  });
});
