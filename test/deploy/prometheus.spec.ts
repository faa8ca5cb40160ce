// A real Prometheus, configured as compose.yaml configures it, asks two gateways.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { dashboardExpressions, MONITORING, readRules, readYaml } from '../support/deploy-monitoring.js';
import { isMissing, ToolServer } from '../support/deploy-tools.js';
import { eventually, freePort, startTestGateway, type TestGateway } from '../support/gateway.js';

const TOKEN = 'metrics-token-0123456789';

interface Job {
  readonly job_name: string;
  readonly authorization?: { readonly credentials_file: string };
  readonly dns_sd_configs?: readonly unknown[];
}

interface Target {
  readonly health: string;
  readonly scrapeUrl: string;
  readonly lastError: string;
}

describe.skipIf(isMissing('prometheus'))('Prometheus (skipped where it is not installed)', () => {
  let gateways: TestGateway[];
  let prometheus: ToolServer;
  let url: string;
  let folder: string;

  /** The `data` of an answer of Prometheus' API. */
  async function data<Data>(path: string): Promise<Data> {
    const answer = (await (await fetch(`${url}/api/v1/${path}`)).json()) as { status: string; data: Data };
    if (answer.status !== 'success') throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer.data;
  }

  const query = (expr: string) =>
    data<{ result: { value: [number, string] }[] }>(`query?query=${encodeURIComponent(expr)}`);

  beforeAll(async () => {
    const first = await startTestGateway({ settings: { metricsToken: TOKEN } });
    gateways = [first, await startTestGateway({ beside: first, settings: { metricsToken: TOKEN } })];
    await first.complete();
    folder = mkdtempSync(join(tmpdir(), 'cerebro-prometheus-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    writeConfiguration(port);
    prometheus = ToolServer.start(
      'prometheus',
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    );
    await eventually('Prometheus is ready', async () => {
      if (prometheus.isOver) throw new Error(`Prometheus has ended: ${prometheus.output}`);
      return fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  });
  afterAll(async () => {
    await prometheus.stop();
    rmSync(folder, { recursive: true });
    for (const gateway of gateways.reverse()) await gateway.close();
  });

  /** That of the repository, but for where the nodes and the token are, and in a hurry. */
  function writeConfiguration(port: number): void {
    const given = readYaml('prometheus.yml') as { scrape_configs: Job[] };
    const [nodes, itself] = given.scrape_configs;
    if (!nodes?.dns_sd_configs || !nodes.authorization)
      throw new Error('the first job is not that of the nodes');
    const job: Record<string, unknown> = { ...nodes };
    delete job.dns_sd_configs;
    const changed = {
      ...given,
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      scrape_configs: [
        {
          ...job,
          authorization: { credentials_file: join(folder, 'token') },
          static_configs: [{ targets: gateways.map((gateway) => new URL(gateway.url).host) }],
        },
        { ...itself, static_configs: [{ targets: [`127.0.0.1:${port}`] }] },
      ],
    };
    cpSync(join(MONITORING, 'alerts.yml'), join(folder, 'alerts.yml'));
    writeFileSync(join(folder, 'token'), `${TOKEN}\n`);
    writeFileSync(join(folder, 'prometheus.yml'), stringify(changed));
  }

  it('reaches both nodes, with the token from its file', async () => {
    let targets: readonly Target[] = [];
    await eventually('all targets were asked', async () => {
      targets = (await data<{ activeTargets: Target[] }>('targets')).activeTargets;
      return targets.length === 3 && targets.every(({ health }) => health !== 'unknown');
    });
    expect(targets.map(({ health, lastError }) => [health, lastError])).toEqual(
      targets.map(() => ['up', '']),
    );
    expect((await query('sum(up{job="cerebro"})')).result[0]?.value[1]).toBe('2');
    expect((await query('sum(cerebro_predictions_total{outcome="succeeded"})')).result[0]?.value[1]).toBe(
      '1',
    );
  });

  it('works every alert out, and none fires', async () => {
    interface Loaded {
      readonly name: string;
      readonly health: string;
      readonly state: string;
    }
    let loaded: Loaded[] = [];
    await eventually('all rules were worked out', async () => {
      loaded = (await data<{ groups: { rules: Loaded[] }[] }>('rules')).groups.flatMap(({ rules }) => rules);
      return loaded.every(({ health }) => health !== 'unknown');
    });
    expect(loaded.map(({ name }) => name).sort()).toEqual(
      readRules()
        .map(({ alert }) => alert)
        .sort(),
    );
    expect(loaded.filter(({ health, state }) => health !== 'ok' || state === 'firing')).toEqual([]);
  });

  it.each(dashboardExpressions())('answers what the dashboard asks: %s', async (expr) => {
    expect(Array.isArray((await query(expr)).result)).toBe(true);
  });
});
