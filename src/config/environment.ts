// The only place that reads the process's environment and its .env file.
import { loadEnvFile } from 'node:process';
import { resolveSecrets } from './secret-resolver.js';
import type { Environment } from './secret-sources.js';
import { isSetting, secretNames } from './setting-catalogue.js';
import { parseSettings, type Role, type Settings, SettingsError } from './settings.js';

/** Secrets that commands have no use for: who runs one need not be able to read them. */
const GATEWAY_ONLY = ['REPLICATE_API_TOKEN', 'CEREBRO_ADMIN_KEY', 'CEREBRO_METRICS_TOKEN'];

/**
 * Settings from the environment and, below it, from `.env` in the working folder; secrets from where these say that
 * they are.
 *
 * @throws {SettingsError} when a variable is wrong, a secret cannot be read, or `.env` cannot
 */
export async function loadSettings(role: Role = 'gateway'): Promise<Settings> {
  try {
    loadEnvFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new SettingsError('Cerebro cannot read .env.');
  }
  return readSettings(process.env, role);
}

/**
 * Settings from an environment; secrets from where it says that they are.
 *
 * @throws {SettingsError} when a variable is wrong or a secret cannot be read
 */
export async function readSettings(given: Environment, role: Role): Promise<Settings> {
  const { env, external } = await resolveSecrets(given, secretsFor(role));
  const settings = parseSettings(env, role);
  if (external.length === 0) return settings;
  return {
    ...settings,
    externalSecrets: { names: external, reload: () => readSettings(given, role) },
  };
}

/** Names of the secrets that are read from elsewhere: no more than the role has a use for. */
function secretsFor(role: Role): string[] {
  if (role === 'migration') return ['DATABASE_URL'];
  return secretNames().filter((name) => role === 'gateway' || !GATEWAY_ONLY.includes(name));
}

/** Names that look like ours and mean nothing, for a warning at start. */
export function unknownVariables(): string[] {
  return Object.keys(process.env).filter((name) => name.startsWith('CEREBRO_') && !isSetting(name));
}
