// How a setting names a secret in AWS Secrets Manager. Pure: asks nobody.

/** A secret in AWS Secrets Manager, or one value of it. */
export interface SecretReference {
  /** As AWS takes it for `SecretId`. */
  readonly arn: string;
  readonly region: string;
  /** Key of the JSON object that the secret is; undefined: the whole secret. */
  readonly key: string | undefined;
  /** `AWSCURRENT` where undefined. */
  readonly versionStage: string | undefined;
  readonly versionId: string | undefined;
}

/** Characters of secrets' names: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html. */
const ARN = String.raw`arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[\w/+=.@-]{1,512}`;

/**
 * Behind the ARN: nothing, `#key`, or `:key:version-stage:version-id` as ECS writes it.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
 */
const REFERENCE = new RegExp(`^(${ARN})(?:#(.+)|:([^:#]*)(?::([^:#]*)(?::([^:#]*))?)?)?$`);

/** The secret that a text names; undefined for any other text. */
export function readSecretReference(text: string): SecretReference | undefined {
  const match = REFERENCE.exec(text);
  if (!match) return undefined;
  const [, arn = '', region = '', behindHash, key, versionStage, versionId] = match;
  return {
    arn,
    region,
    key: behindHash ?? given(key),
    versionStage: given(versionStage),
    versionId: given(versionId),
  };
}

function given(part: string | undefined): string | undefined {
  return part === '' ? undefined : part;
}
