// compose.yaml as Docker Compose understands it: merged, with the defaults of its variables, and types for tests.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './deploy-tools.js';

/** One container. */
export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly args?: Readonly<Record<string, string>> };
  readonly user: string;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly cap_add?: readonly string[];
  readonly privileged?: boolean;
  readonly security_opt: readonly string[];
  readonly restart: string;
  readonly logging: { readonly options: Readonly<Record<string, string>> };
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly secrets?: readonly string[];
  readonly networks: readonly string[];
  readonly volumes?: readonly string[];
  readonly tmpfs: readonly string[];
  readonly healthcheck: { readonly test: readonly string[]; readonly interval: string };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly pids_limit: number;
  readonly deploy: {
    readonly replicas?: number;
    readonly resources: { readonly limits: { readonly cpus: string; readonly memory: string } };
  };
  readonly stop_grace_period: string;
}

/** The whole file. */
export interface ComposeFile {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<
    Record<
      string,
      { readonly internal?: boolean; readonly ipam?: { config: readonly { readonly subnet: string }[] } }
    >
  >;
  readonly volumes: Readonly<Record<string, object>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

/** Reads compose.yaml; variables have their defaults. Throws for a variable that has none. */
export function readCompose(): ComposeFile {
  const text = readFileSync(join(ROOT, 'compose.yaml'), 'utf8');
  return withDefaults(parse(text, { merge: true })) as ComposeFile;
}

/** Variables are filled in after the YAML is read, so that an empty one is a text. */
function withDefaults(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(/\$\{(\w+)(?::-([^}]*))?\}/g, defaultOf);
  if (Array.isArray(value)) return value.map(withDefaults);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withDefaults(part)]));
}

function defaultOf(place: string, _name: string, whenAbsent?: string): string {
  if (whenAbsent === undefined) throw new Error(`${place} has no default`);
  return whenAbsent;
}

/** A time such as `10m15s`, in seconds. */
export function secondsOf(time: string): number {
  if (!/^(\d+h)?(\d+m)?(\d+s)?$/.test(time)) throw new Error(`no time: ${time}`);
  const units = { h: 3600, m: 60, s: 1 };
  return [...time.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units],
    0,
  );
}

/** A size such as `512m`, in bytes. */
export function bytesOf(size: string): number {
  const [, count, unit] = /^(\d+)([kmg])$/.exec(size) ?? [];
  if (count === undefined) throw new Error(`no size: ${size}`);
  return Number(count) * { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[unit as 'k' | 'm' | 'g'];
}
