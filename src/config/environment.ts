// The only place that reads the process's environment and its .env file.
import { loadEnvFile } from 'node:process';
import { type ReadSecret, readSecrets, resolveSecrets } from './secret-resolver.js';
import type { Environment } from './secret-sources.js';
import { isSetting, secretNames } from './setting-catalogue.js';
import { parseSettings, type ReloadedSettings, type Role, type Settings, SettingsError } from './settings.js';

/** Secrets that commands have no use for: who runs one need not be able to read them. */
const GATEWAY_ONLY = ['REPLICATE_API_TOKEN', 'CEREBRO_ADMIN_KEY', 'CEREBRO_METRICS_TOKEN'];

/** What rooms above this one find wrong with variables: a clause each, which begins with a name, as the settings' own do. */
export type FurtherCheck = (env: Environment) => Promise<readonly string[]>;

/**
 * Settings from the environment and, below it, from `.env` in the working folder; secrets from where these say that
 * they are.
 *
 * @param furtherCheck whose problems are told in the same line
 * @throws {SettingsError} when a variable is wrong, a secret cannot be read, or `.env` cannot
 */
export async function loadSettings(role: Role = 'gateway', furtherCheck?: FurtherCheck): Promise<Settings> {
  try {
    loadEnvFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new SettingsError('Cerebro cannot read .env.');
  }
  const further = (await furtherCheck?.(process.env)) ?? [];
  const settings = await readSettings(process.env, role).catch((error: unknown) => {
    throw error instanceof SettingsError ? SettingsError.of(together(error.problems, further)) : error;
  });
  if (further.length > 0) throw SettingsError.of(further);
  return settings;
}

/** Each variable is complained of once. */
function together(problems: readonly string[], further: readonly string[]): string[] {
  const nameOf = (problem: string): string | undefined => problem.split(' ')[0];
  const named = new Set(problems.map(nameOf));
  return [...problems, ...further.filter((problem) => !named.has(nameOf(problem)))];
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
  let last = env;
  const reload = async (): Promise<ReloadedSettings> => {
    const taken = takeGood(last, await readSecrets(given, secretsFor(role)), role);
    last = taken.env;
    return { settings: parseSettings(last, role), problems: taken.problems };
  };
  return { ...settings, externalSecrets: { names: external, reload } };
}

/** Each secret by itself: one that cannot be read, or is wrong, stays as it was and holds up none of the others. */
function takeGood(
  before: Environment,
  secrets: readonly ReadSecret[],
  role: Role,
): { env: Environment; problems: string[] } {
  let env = before;
  const problems: string[] = [];
  for (const { name, value, problem } of secrets) {
    const changed = { ...env, [name]: value };
    const found = problem === undefined ? problemsOf(changed, role) : [problem];
    if (found.length === 0) env = changed;
    problems.push(...found);
  }
  return { env, problems };
}

function problemsOf(env: Environment, role: Role): readonly string[] {
  try {
    parseSettings(env, role);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
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
