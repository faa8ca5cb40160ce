// What a key may do, and whether one may do more than another. A key that manages keys never gives, or lays hands on,
// more than it has itself.
import type { Scope } from '../contracts/requires.decorator.js';
import type { Limits } from '../inference/limits.js';
import { allowancesOf, parseModelName } from '../models/model-name.js';
import { holdsCidr } from '../contracts/cidr.js';
import { LIMIT_NAMES, LIMITS, type LimitName } from './limit-names.js';

/** Everything of a key that makes it stronger or weaker. */
export interface Grant {
  readonly scopes: readonly Scope[];
  /** Entries as those of `CEREBRO_MODELS`, and aliases; empty: all models. */
  readonly models: readonly string[];
  /** Null: it does not end. */
  readonly expiresAt: Date | null;
  /** Ranges in the form that `normalCidr` gives; empty: all addresses. */
  readonly ipAllowlist: readonly string[];
  readonly limits: Limits;
}

/** The parameter of the API that says too much. */
export type Excess = 'scopes' | 'models' | 'expires_at' | 'ip_allowlist' | `limits.${string}`;

/**
 * The first part in which `wanted` is more than `own`; undefined where it is not more in any.
 *
 * Every list is judged entry by entry: each that is wanted must lie within one that is owned. So two halves of a
 * range do not give the whole, and an alias is given only by itself or by all models, since what it stands for can
 * change. What is refused so is never more; what is let through never is.
 */
export function exceeds(wanted: Grant, own: Grant): Excess | undefined {
  if (!wanted.scopes.every((scope) => own.scopes.includes(scope))) return 'scopes';
  if (!areWithin(wanted.models, own.models, holdsModel)) return 'models';
  if (!endsInTime(wanted.expiresAt, own.expiresAt)) return 'expires_at';
  if (!areWithin(wanted.ipAllowlist, own.ipAllowlist, holdsCidr)) return 'ip_allowlist';
  const limit = LIMITS.find((name) => isLooser(name, wanted.limits, own.limits));
  return limit && `limits.${LIMIT_NAMES[limit]}`;
}

/** Whether an entry of a list of models allows all that another one allows. */
export function holdsModel(outer: string, inner: string): boolean {
  return outer === '*' || outer === inner || allowancesOfEntry(inner).includes(outer);
}

/** Entries that allow everything that this one does. */
function allowancesOfEntry(entry: string): string[] {
  if (/^deployments\/[^/]+\/\*$/.test(entry)) return ['deployments/*'];
  const name = parseModelName(entry);
  return name ? allowancesOf(name) : [];
}

/** An empty list is everything. */
function areWithin(
  wanted: readonly string[],
  own: readonly string[],
  holds: (outer: string, inner: string) => boolean,
): boolean {
  if (own.length === 0) return true;
  if (wanted.length === 0) return own.includes('*');
  return wanted.every((inner) => own.some((outer) => holds(outer, inner)));
}

function endsInTime(wanted: Date | null, own: Date | null): boolean {
  return own === null || (wanted !== null && wanted <= own);
}

function isLooser(name: LimitName, { [name]: wanted }: Limits, { [name]: own }: Limits): boolean {
  return own !== undefined && (wanted === undefined || wanted > own);
}
