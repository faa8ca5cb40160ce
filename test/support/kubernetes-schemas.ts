// Whether objects are as the schemas of Kubernetes and of the Prometheus operator say, without any field besides.
import type { Manifest } from './kubernetes.js';

/** A class of kubernetes-models: it validates what `this` is. */
interface Model {
  readonly prototype: { validate(this: unknown): void };
}

/** What a schema's validator has looked at. */
interface Watched {
  /** Stands in for the value. */
  readonly proxy: unknown;
  /** Paths of fields that nobody has looked at, below `path`. */
  unread(path: string): string[];
}

/** What is wrong with an object, a clause each; none where all is well. */
export async function complaints(manifest: Manifest): Promise<string[]> {
  const model = await modelOf(manifest);
  if (!model) return [`there is no schema of ${manifest.kind} in ${manifest.apiVersion}`];
  const watched = watch(manifest);
  try {
    model.prototype.validate.call(watched.proxy);
  } catch (error) {
    return [(error as Error).message];
  }
  return watched.unread('').map((path) => `${path} is no field`);
}

async function modelOf({ apiVersion, kind }: Manifest): Promise<Model | undefined> {
  const path = `${apiVersion}/${kind}`;
  if (!/^[\w.]+(?:\/\w+)?\/\w+$/.test(path)) return undefined;
  const operator = apiVersion.startsWith('monitoring.coreos.com/')
    ? '@kubernetes-models/prometheus-operator'
    : '';
  try {
    const module: unknown = await import(/* @vite-ignore */ `${operator || 'kubernetes-models'}/${path}`);
    return (module as Record<string, Model>)[kind];
  } catch {
    return undefined;
  }
}

/**
 * The models' validators take unknown fields, as JSON schemas do that do not close their objects; a cluster refuses
 * them or, worse, drops them. But a validator looks at each field that its schema knows, and goes through all the keys
 * of what the schema calls a map: what it has not looked at is unknown.
 */
function watch(value: unknown): Watched {
  if (typeof value !== 'object' || value === null) return { proxy: value, unread: () => [] };
  const children = new Map<string | symbol, Watched>();
  const childAt = (key: string | symbol): Watched => {
    const child = children.get(key) ?? watch(Reflect.get(value, key));
    children.set(key, child);
    return child;
  };
  const proxy = new Proxy(value, {
    get: (_, key) => childAt(key).proxy,
    ownKeys: (target) => {
      const keys = Reflect.ownKeys(target);
      keys.forEach(childAt);
      return keys;
    },
  });
  const unread = (path: string): string[] =>
    Object.keys(value).flatMap((key) => children.get(key)?.unread(`${path}/${key}`) ?? [`${path}/${key}`]);
  return { proxy, unread };
}
