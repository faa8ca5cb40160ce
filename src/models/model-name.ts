// The names that Replicate gives to models. Strict, because addresses at Replicate are built from them.

/** A model by Replicate's name for it. */
export interface ModelName {
  /** `owner/name`, or `deployments/owner/name`. */
  readonly upstream: string;
  /** The version that the name pins. */
  readonly version?: string;
}

/** A name's part begins with a letter or digit, so that no part can be `..`. */
const PART = '[A-Za-z0-9][A-Za-z0-9._-]{0,99}';

const MODEL = new RegExp(`^(?!deployments/)(${PART}/${PART})(?::([0-9a-f]{64}))?$`);
const DEPLOYMENT = new RegExp(`^deployments/${PART}/${PART}$`);

/** A version's id at Replicate. */
export const VERSION = /^[0-9a-f]{64}$/;

/** An `owner/*`, `deployments/*` or `deployments/owner/*`. */
const WILDCARD = new RegExp(`^(?:deployments/)?${PART}/\\*$`);

/** Reads `owner/name`, `owner/name:version` or `deployments/owner/name`; undefined for any other text. */
export function parseModelName(text: string): ModelName | undefined {
  if (DEPLOYMENT.test(text)) return { upstream: text };
  const [, upstream, version] = MODEL.exec(text) ?? [];
  if (upstream === undefined) return undefined;
  return version === undefined ? { upstream } : { upstream, version };
}

/** Whether a text is an entry of `CEREBRO_MODELS`: a name, or a pattern that ends in `*`. */
export function isAllowance(entry: string): boolean {
  return entry === '*' || WILDCARD.test(entry) || parseModelName(entry) !== undefined;
}

/** The entries of `CEREBRO_MODELS` each of which would allow this name. */
export function allowancesOf({ upstream, version }: ModelName): string[] {
  const owner = upstream.slice(0, upstream.lastIndexOf('/'));
  const isDeployment = upstream.startsWith('deployments/');
  return [
    '*',
    ...(isDeployment ? ['deployments/*'] : []),
    `${owner}/*`,
    upstream,
    ...(version === undefined ? [] : [`${upstream}:${version}`]),
  ];
}
