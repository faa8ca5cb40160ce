// Names of models and deployments at Replicate, checked before they become part of a path.

/** `owner/name`, of parts that are safe in a path. */
export interface OwnedName {
  readonly owner: string;
  readonly name: string;
}

/** What a model's name at Replicate names: a version, a model in whatever version is current, or a deployment. */
export type UpstreamName =
  | ({ readonly kind: 'version'; readonly version: string } & OwnedName)
  | ({ readonly kind: 'model' } & OwnedName)
  | ({ readonly kind: 'deployment' } & OwnedName);

const PART = '[A-Za-z0-9][A-Za-z0-9._-]{0,99}';
const NAME = new RegExp(`^(deployments/)?(${PART})/(${PART})(?::([0-9a-f]{64}))?$`);
const VERSION = /^[0-9a-f]{64}$/;

/**
 * Reads `owner/name`, `owner/name:version` or `deployments/owner/name`; undefined for anything else.
 *
 * @param version a version that comes apart from the name; a deployment picks its own
 */
export function readUpstreamName(text: string, version?: string): UpstreamName | undefined {
  const [, deployment, owner, name, named] = NAME.exec(text) ?? [];
  if (owner === undefined || name === undefined) return undefined;
  if (deployment !== undefined) return named === undefined ? { kind: 'deployment', owner, name } : undefined;
  const pinned = version ?? named;
  if (pinned === undefined) return { kind: 'model', owner, name };
  return VERSION.test(pinned) ? { kind: 'version', owner, name, version: pinned } : undefined;
}
