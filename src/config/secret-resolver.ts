// Reads secrets from where the environment says that they are.
import { toDatabaseUrl } from './database-secret.js';
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

/**
 * Reads the secrets of these names, all at the same time.
 *
 * @throws {SettingsError} naming every variable whose secret cannot be had
 */
export async function resolveSecrets(
  env: Environment,
  names: readonly string[],
): Promise<ResolvedEnvironment> {
  const { sources, problems } = secretSources(env, names);
  if (problems.length > 0) throw SettingsError.of(problems);
  const manager = new SecretsManager();
  try {
    const read = await Promise.all(sources.map((source) => readSource(source, manager)));
    const failed = read.flatMap(({ problem }) => problem ?? []);
    if (failed.length > 0) throw SettingsError.of(failed);
    const values = Object.fromEntries(read.map(({ name, value }) => [name, value]));
    return { env: { ...env, ...values }, external: sources.map(({ name }) => name) };
  } finally {
    await manager.close();
  }
}

interface Read {
  readonly name: string;
  readonly value?: string;
  readonly problem?: string;
}

/** Never rejects with a problem: the others are to be told of too. */
async function readSource({ name, variable, from }: SecretSource, manager: SecretsManager): Promise<Read> {
  try {
    const text = typeof from === 'string' ? await readSecretFile(from) : await manager.read(from);
    return { name, value: name === 'DATABASE_URL' ? toDatabaseUrl(text) : text };
  } catch (error) {
    if (error instanceof SecretProblem) return { name, problem: `${variable} ${error.message}` };
    throw error;
  }
}
