// Renders the folders of deploy/kubernetes as a user does, and finds things in what comes out. Judges nothing.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IConfigMap, IContainer, IPodSpec } from 'kubernetes-models/v1';
import { parseAllDocuments, stringify } from 'yaml';

/** Where the manifests are. */
export const KUBERNETES = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));

/** One object for Kubernetes. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** What came out of kubectl. */
export interface Rendered {
  readonly manifests: readonly Manifest[];
  /** Deprecations and the like. */
  readonly warnings: string;
}

/** What is rendered: a folder, or the base with every component. */
export const RENDERINGS = [
  'base',
  ...readdirSync(join(KUBERNETES, 'overlays')).map((name) => `overlays/${name}`),
  'base and all components',
] as const;

/** Why rendering is not possible here; undefined where it is. Components came with kustomize 3.7, kubectl 1.21. */
export const noKubectl = ((): string | undefined => {
  try {
    const text = execFileSync('kubectl', ['version', '--client', '--output=json'], { encoding: 'utf8' });
    const { clientVersion } = JSON.parse(text) as { clientVersion: { major: string; minor: string } };
    const [major, minor] = [clientVersion.major, clientVersion.minor].map((it) => Number.parseInt(it, 10));
    return Number(major) > 1 || Number(minor) >= 21 ? undefined : 'kubectl is older than 1.21';
  } catch {
    return 'kubectl is missing';
  }
})();

const done = new Map<string, Rendered>();

/** Renders once; throws with kubectl's own words where that fails. */
export function render(what: string): Rendered {
  const rendered =
    done.get(what) ?? (what === 'base and all components' ? renderAll() : run(join(KUBERNETES, what)));
  done.set(what, rendered);
  return rendered;
}

function renderAll(): Rendered {
  // Without links: kustomize resolves them, and takes only relative paths.
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'cerebro-kustomize-'));
  const pathOf = (name: string): string => relative(folder, join(KUBERNETES, name));
  try {
    const components = readdirSync(join(KUBERNETES, 'components')).map((name) =>
      pathOf(`components/${name}`),
    );
    writeFileSync(
      join(folder, 'kustomization.yaml'),
      stringify({
        apiVersion: 'kustomize.config.k8s.io/v1beta1',
        kind: 'Kustomization',
        resources: [pathOf('base')],
        components,
      }),
    );
    return run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(folder: string): Rendered {
  if (noKubectl !== undefined) throw new Error(noKubectl);
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`kubectl kustomize ${folder}: ${stderr}`);
  const documents = parseAllDocuments(stdout);
  return { manifests: documents.map((document) => document.toJS() as Manifest), warnings: stderr };
}

/** The objects of a kind. */
export function ofKind<Kind extends { readonly kind: string }>(
  what: string,
  kind: Kind['kind'],
): readonly (Manifest & Kind)[] {
  return render(what).manifests.filter((manifest) => manifest.kind === kind) as (Manifest & Kind)[];
}

/** The only object of a kind; throws where there is another number of them. */
export function onlyOne<Kind extends { readonly kind: string }>(
  what: string,
  kind: Kind['kind'],
): Manifest & Kind {
  const [first, ...more] = ofKind<Kind>(what, kind);
  if (!first || more.length > 0) throw new Error(`${what} has ${more.length + (first ? 1 : 0)} of ${kind}`);
  return first;
}

/** The labels and the specification of Cerebro's pods. */
export function podTemplate(what: string): { labels: Record<string, string>; spec: IPodSpec } {
  const { template } = onlyOne<IDeployment>(what, 'Deployment').spec ?? {};
  if (!template?.spec) throw new Error(`${what} has no pods`);
  return { labels: template.metadata?.labels ?? {}, spec: template.spec };
}

/** Every container of Cerebro's pods. */
export function containers(what: string): IContainer[] {
  const { spec } = podTemplate(what);
  return [...(spec.initContainers ?? []), ...spec.containers];
}

/** The environment that the objects give to a container. Throws where it refers to a ConfigMap that is not there. */
export function environment(what: string, { env = [], envFrom = [] }: IContainer): Record<string, string> {
  const maps = new Map(ofKind<IConfigMap>(what, 'ConfigMap').map((map) => [map.metadata.name, map.data]));
  const settings = envFrom.map(({ configMapRef }) => {
    const data = maps.get(configMapRef?.name ?? '');
    if (!data) throw new Error(`${what} has no ConfigMap ${configMapRef?.name ?? 'without a name'}`);
    return data;
  });
  const own = env.map(({ name, value = '' }) => ({ [name]: value }));
  return Object.assign({}, ...settings, ...own) as Record<string, string>;
}
