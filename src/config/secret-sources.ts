// Where each secret comes from: its own variable, a file, or AWS Secrets Manager. Pure: reads none of them.
import { readSecretReference, type SecretReference } from './secret-reference.js';
import { ARN_SUFFIX, FILE_SUFFIX } from './setting-catalogue.js';

/** An environment, or a part of it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A secret that is somewhere else than in its own variable. */
export interface SecretSource {
  /** The secret, such as `DATABASE_URL`. */
  readonly name: string;
  /** What says where it is, such as `DATABASE_URL_FILE`. */
  readonly variable: string;
  /** A path, or a secret of AWS's. */
  readonly from: string | SecretReference;
}

/** What an environment says of secrets' places. */
export interface SecretSources {
  readonly sources: readonly SecretSource[];
  /** One clause a mistake. Names variables, never values. */
  readonly problems: readonly string[];
}

/** Where these secrets are, as far as that is not in their own variables. A blank variable counts as absent. */
export function secretSources(env: Environment, names: readonly string[]): SecretSources {
  const sources: SecretSource[] = [];
  const problems: string[] = [];
  for (const name of names) {
    const given = [name, name + FILE_SUFFIX, name + ARN_SUFFIX].filter((variable) => isSet(env[variable]));
    const [variable = '', ...more] = given;
    if (more.length > 0) problems.push(`${given.join(' and ')} must not be set together`);
    else if (variable !== '' && variable !== name) {
      const text = env[variable]?.trim() ?? '';
      const from = variable === name + ARN_SUFFIX ? readSecretReference(text) : text;
      if (from !== undefined) sources.push({ name, variable, from });
      else problems.push(`${variable} must be the ARN of a secret, such as ${EXAMPLE}, perhaps with #key`);
    }
  }
  return { sources, problems };
}

const EXAMPLE = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:name-AbCdEf';

function isSet(value: string | undefined): boolean {
  return value !== undefined && value.trim() !== '';
}
