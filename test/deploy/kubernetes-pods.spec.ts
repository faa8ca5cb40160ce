// The pods of the manifests and Cerebro itself fit: settings, secrets, probes, times, rights.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { migrateCommand } from '../../src/cli-migrate.js';
import { readSettings } from '../../src/config/environment.js';
import { isSetting, secretNames } from '../../src/config/setting-catalogue.js';
import { SettingReader } from '../../src/config/setting-reader.js';
import type { Role, Settings } from '../../src/config/settings.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import {
  containers,
  environment,
  KUBERNETES,
  noKubectl,
  ofKind,
  onlyOne,
  podTemplate,
  RENDERINGS,
} from '../support/kubernetes.js';
import { unrestricted } from '../support/pod-security.js';

const skipped = noKubectl !== undefined && process.env.CI !== 'true';

const DOCKERFILE = join(KUBERNETES, '../../Dockerfile');

/** Variables that Node itself or a base image reads. */
const NODES_OWN = ['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS'];

const SECRETS: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgresql://cerebro@db/cerebro',
  REPLICATE_API_TOKEN: 'r8_0123456789abcdef',
  CEREBRO_ADMIN_KEY: 'admin-0123456789abcdef',
  CEREBRO_KEY_PEPPER: 'pepper-0123456789abcdef',
  CEREBRO_ENCRYPTION_KEYS: `1:${Buffer.alloc(32, 7).toString('base64')}`,
};

/** What Cerebro makes of the pods' environment, where the Secret is a folder here. */
async function settingsOf(what: string, role: Role): Promise<Settings> {
  const folder = mkdtempSync(join(tmpdir(), 'cerebro-secrets-'));
  try {
    for (const [name, value] of Object.entries(SECRETS)) writeFileSync(join(folder, name), `${value}\n`);
    const [migration = '', gateway = ''] = containers(what).map(({ name }) => name);
    const container = containers(what).find(
      ({ name }) => name === (role === 'gateway' ? gateway : migration),
    );
    const env = Object.entries(container ? environment(what, container) : {}).map(([name, value]) => [
      name,
      name.endsWith('_FILE') ? join(folder, basename(value)) : value,
    ]);
    return await readSettings(Object.fromEntries(env) as Record<string, string>, role);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A time of the environment, in seconds. */
function seconds(env: Record<string, string>, name: string): number {
  const time = new SettingReader(env).duration(name, { min: 0, max: 3_600_000 });
  if (time === undefined) throw new Error(`${name} is not set, or is no time`);
  return time / 1000;
}

describe.skipIf(skipped).each(RENDERINGS)('pods on Kubernetes, %s (needs kubectl 1.21 or newer)', (what) => {
  const gatewayEnv = (): Record<string, string> =>
    environment(what, podTemplate(what).spec.containers[0] ?? { name: '' });

  it('have only settings that Cerebro knows', () => {
    for (const container of containers(what)) {
      const names = Object.keys(environment(what, container));
      expect(names.filter((name) => !isSetting(name) && !NODES_OWN.includes(name))).toEqual([]);
      expect(names).toContain('NODE_ENV');
    }
    // Else Kubernetes adds variables of its own, named after the Service.
    expect(podTemplate(what).spec.enableServiceLinks).toBe(false);
  });

  it('have settings with which the gateway and the migration start', async () => {
    const settings = await settingsOf(what, 'gateway');
    expect(settings.production).toBe(true);
    expect(settings.databaseUrl).toBe(SECRETS.DATABASE_URL);
    expect(settings.encryptionKeys).toHaveLength(1);
    const port = podTemplate(what).spec.containers[0]?.ports?.find(({ name }) => name === 'http');
    expect(port?.containerPort).toBe(settings.port);
    expect((await settingsOf(what, 'migration')).databaseUrl).toBe(SECRETS.DATABASE_URL);
  });

  it('migrate first, with a command that Cerebro has', () => {
    const [first] = podTemplate(what).spec.initContainers ?? [];
    expect(first?.command).toEqual(['node', 'scripts/run.mjs', 'cli', migrateCommand().name()]);
    // Where a line of the text ends is the formatter's choice.
    const guide = readFileSync(join(KUBERNETES, '../../docs/deploy.md'), 'utf8').replaceAll(/\s+/g, ' ');
    expect(guide).toContain(`in its init container (\`${first?.command?.join(' ')}\``);
  });

  it('find each secret as a file of the Secret, named as its setting', () => {
    for (const container of containers(what)) {
      const mount = container.volumeMounts?.find(({ name }) => name === 'secrets');
      expect(mount?.readOnly).toBe(true);
      const files = Object.entries(environment(what, container)).filter(([name]) => name.endsWith('_FILE'));
      expect(files.map(([name]) => name.replace(/_FILE$/, '')).sort()).toEqual(Object.keys(SECRETS).sort());
      for (const [name, path] of files) {
        expect(secretNames()).toContain(basename(path));
        expect([dirname(path), `${basename(path)}_FILE`]).toEqual([mount?.mountPath, name]);
      }
    }
    expect(
      podTemplate(what).spec.volumes?.find(({ name }) => name === 'secrets')?.secret?.items,
    ).toBeUndefined();
  });

  it('mount volumes that they have', () => {
    const volumes = (podTemplate(what).spec.volumes ?? []).map(({ name }) => name);
    const mounted = containers(what).flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
    expect([...new Set(mounted)].sort()).toEqual(volumes.sort());
  });

  it('are given time to end: the delay, the drain and some more', () => {
    const [delay, drain] = ['CEREBRO_SHUTDOWN_DELAY', 'CEREBRO_DRAIN_TIMEOUT'].map((name) =>
      seconds(gatewayEnv(), name),
    ) as [number, number];
    // A cold boot takes up to five minutes.
    expect(drain).toBeGreaterThan(300);
    expect(podTemplate(what).spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(delay + drain + 10);
    // Proxies must have forgotten a pod before it closes its port.
    const { periodSeconds = 10, failureThreshold = 3 } = containers(what).at(-1)?.readinessProbe ?? {};
    expect(delay).toBeGreaterThan(Number(periodSeconds) * Number(failureThreshold));
  });

  it('send Replicate no more than it takes, all together', async () => {
    const { spec } = onlyOne<IHorizontalPodAutoscaler>(what, 'HorizontalPodAutoscaler');
    const { createsPerMinute } = await settingsOf(what, 'gateway');
    expect(createsPerMinute * (spec?.maxReplicas ?? Infinity)).toBeLessThanOrEqual(600);
  });

  it('leave connections of PostgreSQL free, also while as many pods drain in a rollout', async () => {
    const { spec } = onlyOne<IHorizontalPodAutoscaler>(what, 'HorizontalPodAutoscaler');
    const { databasePoolSize } = await settingsOf(what, 'gateway');
    // Besides its pool, a node listens and looks after the database's health; PostgreSQL keeps 3 of 100 for superusers.
    expect(2 * (spec?.maxReplicas ?? Infinity) * (databasePoolSize + 2)).toBeLessThan(97);
  });

  it('are restricted, as the Pod Security Standard has it, and more', () => {
    const { spec } = podTemplate(what);
    expect(unrestricted(spec)).toEqual([]);
    const { runAsUser = 0, runAsGroup = 0 } = spec.securityContext ?? {};
    expect(
      readFileSync(DOCKERFILE, 'utf8')
        .match(/^USER .*$/gm)
        ?.at(-1),
    ).toBe(`USER ${runAsUser}:${runAsGroup}`);
    for (const { securityContext, resources } of containers(what)) {
      expect(securityContext?.readOnlyRootFilesystem).toBe(true);
      expect(Object.keys(resources?.requests ?? {})).toEqual(expect.arrayContaining(['cpu', 'memory']));
      expect(resources?.limits?.memory).toBeDefined();
    }
  });

  it('are behind proxies that wait as long as an answer may take, and take as large a body', async () => {
    const { predictionTimeoutMs, structuredRetries, bodyLimit } = await settingsOf(what, 'gateway');
    for (const { metadata } of ofKind<IIngress>(what, 'Ingress')) {
      const said = (name: string): string =>
        metadata.annotations?.[`nginx.ingress.kubernetes.io/${name}`] ?? '';
      expect(Number(said('proxy-read-timeout'))).toBeGreaterThan(
        (predictionTimeoutMs / 1000) * (1 + structuredRetries),
      );
      expect(said('proxy-body-size')).toMatch(/^\d+m$/);
      expect(Number.parseInt(said('proxy-body-size'), 10) * 1024 ** 2).toBeGreaterThan(bodyLimit);
      expect(said('proxy-buffering')).toBe('off');
      // `timeout` would send a GET again after ten minutes, `non_idempotent` a POST at once.
      expect(said('proxy-next-upstream')).toBe('error');
    }
  });
});

describe.skipIf(skipped)('an overlay on Kubernetes (needs kubectl 1.21 or newer)', () => {
  it.each(RENDERINGS.filter((it) => it.startsWith('overlays/')))(
    'has the last word on settings: %s',
    (what) => {
      const file = parse(readFileSync(join(KUBERNETES, what, 'kustomization.yaml'), 'utf8')) as {
        configMapGenerator: { literals: string[] }[];
      };
      const literals = file.configMapGenerator.flatMap((map) => map.literals);
      const pod = environment(what, podTemplate(what).spec.containers[0] ?? { name: '' });
      expect(Object.entries(pod).map((entry) => entry.join('='))).toEqual(expect.arrayContaining(literals));
    },
  );

  it('is refused by the rules of Pod Security where a container asks for more', () => {
    const { spec } = podTemplate('base');
    const [gateway = { name: '' }] = spec.containers;
    const greedy = { ...gateway, securityContext: { privileged: true, runAsUser: 0 } };
    expect(unrestricted({ ...spec, hostNetwork: true, containers: [greedy] })).toEqual([
      'shares the network of its node',
      'gateway is privileged',
      'gateway may gain rights',
      'gateway may run as root',
      'gateway keeps capabilities',
    ]);
    const volumes = [{ name: 'node', hostPath: { path: '/' } }];
    expect(unrestricted({ ...spec, volumes })).toEqual(['mounts a volume of another kind: node']);
  });
});

describe.skipIf(skipped)('a gateway that Kubernetes asks (needs kubectl 1.21 or newer)', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());

  const all = 'base and all components';

  it('answers at the paths of its probes', async () => {
    const { startupProbe, livenessProbe, readinessProbe } = podTemplate(all).spec.containers[0] ?? {};
    const paths = [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet?.path);
    expect(paths).toEqual(['/healthz', '/healthz', '/readyz']);
    for (const path of paths) expect((await request(`${gateway.url}${path ?? ''}`)).statusCode).toBe(200);
  });

  it('has metrics at the path of the ServiceMonitor, and the one that the autoscaler asks for', async () => {
    const [endpoint] = onlyOne<IServiceMonitor>(all, 'ServiceMonitor').spec.endpoints;
    const answer = await request(`${gateway.url}${endpoint?.path ?? ''}`);
    expect(answer.statusCode).toBe(200);
    const text = await answer.body.text();
    const { spec } = onlyOne<IHorizontalPodAutoscaler>(all, 'HorizontalPodAutoscaler');
    const asked = (spec?.metrics ?? []).flatMap(({ pods }) => pods?.metric.name ?? []);
    expect(asked).toHaveLength(1);
    for (const name of asked) expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'));
  });

  it('is reached by callers, Replicate and models, and nobody else, through the Ingress', async () => {
    const { paths } = (await gateway.send('/openapi.json', { key: null })).json as { paths: object };
    const prefixes = (onlyOne<IIngress>(all, 'Ingress').spec?.rules ?? []).flatMap(({ http }) =>
      (http?.paths ?? []).map(({ path = '' }) => path),
    );
    const open = (path: string): boolean => prefixes.some((prefix) => `${path}/`.startsWith(`${prefix}/`));
    const inside = /^\/(?:admin\/|healthz$|readyz$|metrics$)/;
    for (const path of [...Object.keys(paths), '/metrics'])
      expect([path, open(path)]).toEqual([path, !inside.test(path)]);
  });
});
