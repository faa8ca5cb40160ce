// Reads secrets from where the environment says that they are.
import { toDatabaseUrl } from './database-secret.js';
import { parseObject } from './json-object.js';
import { readSecretFile } from './secret-file.js';
import { SecretProblem } from './secret-problem.js';
import { type Environment, type SecretSource, secretSources } from './secret-sources.js';
import { SecretsManager } from './secrets-manager.client.js';
import { SettingsError } from './settings.js';

/** An environment whose secrets are all in variables of their own. */
export interface ResolvedEnvironment {
  readonly env: Environment;
  /** Which of them came from elsewhere, and may change there. */
  readonly external: readonly string[];
}

/** A secret from elsewhere: its value, or why it cannot be had. */
export interface ReadSecret {
  /** Such as `DATABASE_URL`. */
  readonly name: string;
  readonly value?: string;
  /** A clause that begins with the name of a variable. Never a value. */
  readonly problem?: string;
}

/**
 * The environment with its secrets of these names, all of them or none.
 *
 * @throws {SettingsError} naming every variable whose secret cannot be had
 */
export async function resolveSecrets(
  env: Environment,
  names: readonly string[],
): Promise<ResolvedEnvironment> {
  const read = await readSecrets(env, names);
  const failed = read.flatMap(({ problem }) => problem ?? []);
  if (failed.length > 0) throw SettingsError.of(failed);
  const values = Object.fromEntries(read.map(({ name, value }) => [name, value]));
  return { env: { ...env, ...values }, external: read.map(({ name }) => name) };
}

/**
 * Reads those secrets of these names that are elsewhere, at the same time and each for itself.
 *
 * @throws {SettingsError} where the environment names places that are none, or two for one secret
 */
export async function readSecrets(env: Environment, names: readonly string[]): Promise<ReadSecret[]> {
  const { sources, problems } = secretSources(env, names);
  if (problems.length > 0) throw SettingsError.of(problems);
  const manager = new SecretsManager();
  try {
    return await Promise.all(sources.map((source) => readSource(source, manager)));
  } finally {
    await manager.close();
  }
}

/** Never rejects with a problem: the others are to be told of too. */
async function readSource(source: SecretSource, manager: SecretsManager): Promise<ReadSecret> {
  const { name, variable, from } = source;
  try {
    const text = typeof from === 'string' ? await readSecretFile(from) : await manager.read(from);
    return { name, value: valueIn(text, source) };
  } catch (error) {
    if (error instanceof SecretProblem) return { name, problem: `${variable} ${error.message}` };
    throw error;
  }
}

/** A whole JSON object is no secret but for the database: its key was forgotten, and all would be hashed with the text. */
function valueIn(text: string, { name, from }: SecretSource): string {
  if (name === 'DATABASE_URL') return toDatabaseUrl(text);
  if (!parseObject(text)) return text;
  throw new SecretProblem(
    typeof from === 'string'
      ? 'names a file of JSON, not of the value alone'
      : 'names JSON, and no key of it',
  );
}
