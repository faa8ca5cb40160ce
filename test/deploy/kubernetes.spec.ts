// The manifests as kubectl renders them: of the schemas' form, and of one piece. No cluster is asked.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  IPrometheusRule,
  IServiceMonitor,
} from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IService, IServiceAccount } from 'kubernetes-models/v1';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { complaints } from '../support/kubernetes-schemas.js';
import {
  containers,
  KUBERNETES,
  type Manifest,
  noKubectl,
  ofKind,
  onlyOne,
  podTemplate,
  render,
  RENDERINGS,
} from '../support/kubernetes.js';
import { selects } from '../support/network-policies.js';

const skipped = noKubectl !== undefined && process.env.CI !== 'true';

/** Copies of an object, each with a field that no schema knows in another of the objects within. */
function* withTypingMistakes(manifest: Manifest): Generator<Manifest> {
  const paths = (value: unknown, path: string[]): string[][] =>
    typeof value !== 'object' || value === null
      ? []
      : [
          ...(Array.isArray(value) ? [] : [path]),
          ...Object.entries(value).flatMap(([key, inner]) => paths(inner, [...path, key])),
        ];
  for (const path of paths(manifest, [])) {
    const copy = structuredClone(manifest);
    const place = path.reduce((at: unknown, key) => Reflect.get(at as object, key) as unknown, copy);
    // An object, as a text would be well in the maps of texts that labels, annotations and data are.
    Object.assign(place as object, { replica: {} });
    yield copy;
  }
}

describe.skipIf(skipped).each(RENDERINGS)('Kubernetes, %s (needs kubectl 1.21 or newer)', (what) => {
  it('renders without a warning', () => {
    expect(render(what).warnings).toBe('');
    expect(render(what).manifests.length).toBeGreaterThan(5);
  });

  it('is as the schemas say, with no field besides', async () => {
    for (const manifest of render(what).manifests) {
      expect(await complaints(manifest), `${manifest.kind} ${manifest.metadata.name}`).toEqual([]);
    }
  });

  it('would be refused with a typing mistake in any object', async () => {
    for (const manifest of render(what).manifests) {
      for (const mistaken of withTypingMistakes(manifest)) {
        expect(await complaints(mistaken), JSON.stringify(mistaken)).not.toEqual([]);
      }
    }
  });

  it('names no two objects of a kind alike, and puts all into one namespace', () => {
    const { manifests } = render(what);
    const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names).toEqual([...new Set(names)]);
    const namespaced = manifests.filter(({ kind }) => kind !== 'Namespace');
    expect(new Set(namespaced.map(({ metadata }) => metadata.namespace)).size).toBe(1);
  });

  it('holds no secret, and refers to one alone', () => {
    expect(ofKind(what, 'Secret')).toEqual([]);
    expect(JSON.stringify(render(what).manifests)).not.toMatch(
      /r8_|postgres(?:ql)?:|BEGIN [A-Z ]*PRIVATE KEY|"(?:DATABASE_URL|\w+(?:_TOKEN|_KEY|_KEYS|_PEPPER|PASSWORD))":/,
    );
    const secrets = (podTemplate(what).spec.volumes ?? []).flatMap(({ secret }) => secret?.secretName ?? []);
    expect(secrets).toEqual(['cerebro-secrets']);
  });

  it('runs one image, of a version', () => {
    const images = new Set(containers(what).map(({ image = '' }) => image));
    expect(images.size).toBe(1);
    expect([...images][0]).toMatch(/@sha256:[0-9a-f]{64}$|:(?!latest$)[\w][\w.-]*$/);
  });

  it('selects its own pods, and no fewer labels than the Deployment has', () => {
    const { labels } = podTemplate(what);
    const { selector } = onlyOne<IDeployment>(what, 'Deployment').spec ?? {};
    const selectors = [
      selector,
      { matchLabels: onlyOne<IService>(what, 'Service').spec?.selector },
      onlyOne<IPodDisruptionBudget>(what, 'PodDisruptionBudget').spec?.selector,
      ...(podTemplate(what).spec.topologySpreadConstraints ?? []).map((it) => it.labelSelector),
    ];
    for (const it of selectors) expect(it?.matchLabels).toEqual(labels);
  });

  it('runs under its own account, and hands out no token of it', () => {
    const account = onlyOne<IServiceAccount>(what, 'ServiceAccount');
    expect(podTemplate(what).spec.serviceAccountName).toBe(account.metadata.name);
    expect(account.automountServiceAccountToken).toBe(false);
    expect(podTemplate(what).spec.automountServiceAccountToken).toBe(false);
  });

  it('scales the Deployment, which has no number of its own, and always keeps a pod', () => {
    const deployment = onlyOne<IDeployment>(what, 'Deployment');
    const { spec } = onlyOne<IHorizontalPodAutoscaler>(what, 'HorizontalPodAutoscaler');
    expect(spec?.scaleTargetRef).toEqual({
      apiVersion: deployment.apiVersion,
      kind: 'Deployment',
      name: deployment.metadata.name,
    });
    expect(deployment.spec?.replicas).toBeUndefined();
    expect(deployment.spec?.strategy?.rollingUpdate?.maxUnavailable).toBe(0);
    const kept = onlyOne<IPodDisruptionBudget>(what, 'PodDisruptionBudget').spec?.maxUnavailable;
    expect(spec?.minReplicas).toBeGreaterThanOrEqual(2);
    expect(Number(kept)).toBeLessThan(spec?.minReplicas ?? 0);
  });

  it('leads the Service, the Ingress and the ServiceMonitor to a port that is there', () => {
    const ports = containers(what).flatMap((it) => it.ports ?? []);
    const service = onlyOne<IService>(what, 'Service');
    const offered = service.spec?.ports ?? [];
    for (const { targetPort } of offered) expect(ports.map(({ name }) => name)).toContain(targetPort);
    const backends = ofKind<IIngress>(what, 'Ingress').flatMap(({ spec }) =>
      (spec?.rules ?? []).flatMap(({ http }) => (http?.paths ?? []).map(({ backend }) => backend.service)),
    );
    for (const backend of backends) {
      expect(backend?.name).toBe(service.metadata.name);
      expect(offered.map(({ name }) => name)).toContain(backend?.port?.name);
    }
    for (const { spec } of ofKind<IServiceMonitor>(what, 'ServiceMonitor')) {
      expect(selects(spec.selector as object, service.metadata.labels ?? {})).toBe(true);
      for (const { port } of spec.endpoints) expect(offered.map(({ name }) => name)).toContain(port);
    }
  });
});

describe.skipIf(skipped)('the check of manifests (needs kubectl 1.21 or newer)', () => {
  it('refuses a typing mistake, a wrong type, a missing field and an unknown kind', async () => {
    const deployment = onlyOne<IDeployment>('base', 'Deployment');
    const spec = deployment.spec as object;
    const check = (changes: object): Promise<string[]> => complaints({ ...deployment, ...changes });
    expect(await check({})).toEqual([]);
    expect(await check({ spec: { ...spec, replica: 3 } })).toEqual(['/spec/replica is no field']);
    expect(await check({ spec: { ...spec, replicas: '3' } })).toEqual([
      expect.stringContaining('/spec/replicas'),
    ]);
    expect(await check({ spec: { ...spec, selector: undefined } })).toEqual([
      expect.stringContaining('selector'),
    ]);
    expect(await check({ kind: 'Deploymnt' })).toEqual(['there is no schema of Deploymnt in apps/v1']);
  });
});

describe('the PrometheusRule', () => {
  const file = join(KUBERNETES, 'components/monitoring/alerts.yaml');
  const rules = join(KUBERNETES, '../monitoring/alerts.yml');

  // Kustomize reads no file outside its own folder, so that a copy is needed.
  it('is deploy/monitoring/alerts.yml (`npx vitest run test/deploy/kubernetes.spec.ts -u` renews it)', async () => {
    expect(existsSync(rules)).toBe(true);
    const rule: IPrometheusRule = {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'cerebro', labels: { 'app.kubernetes.io/name': 'cerebro' } },
      spec: parse(readFileSync(rules, 'utf8')) as IPrometheusRule['spec'],
    };
    const text = `# Made of deploy/monitoring/alerts.yml by test/deploy/kubernetes.spec.ts.\n${stringify(rule, { lineWidth: 0 })}`;
    const formatted = await format(text, { ...(await resolveConfig(file)), parser: 'yaml' });
    await expect(formatted).toMatchFileSnapshot(file);
  });
});
