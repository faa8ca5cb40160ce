// What every variable of the environment means: the one description of each. docs/configuration.md and .env.example
// are made of it, by `npm run configuration`. How a variable is read, and what is refused, is in settings.ts.
import { OPERATIONS_SETTINGS } from './operations-settings.js';
import { SERVICE_SETTINGS } from './service-settings.js';
import type { SettingDescription, SettingGroup } from './setting-description.js';
import { UPSTREAM_SETTINGS } from './upstream-settings.js';

/** `X_FILE` names a file whose content is the value of the secret X. */
export const FILE_SUFFIX = '_FILE';

/** `X_SECRET_ARN` names the secret X in AWS Secrets Manager. */
export const ARN_SUFFIX = '_SECRET_ARN';

/** Every group, in the order of the reference. */
export const SETTING_GROUPS: readonly SettingGroup[] = [
  ...SERVICE_SETTINGS,
  ...UPSTREAM_SETTINGS,
  ...OPERATIONS_SETTINGS,
];

/** Every variable by its name, without those that only say where a secret is. */
export const SETTINGS: ReadonlyMap<string, SettingDescription> = new Map(
  SETTING_GROUPS.flatMap(({ settings }) => Object.entries(settings)),
);

/** Names of the secrets, each of which may come from a file or a secret store. */
export function secretNames(): string[] {
  return [...SETTINGS].filter(([, { secret }]) => secret).map(([name]) => name);
}

/** Whether a variable of this name means something. */
export function isSetting(name: string): boolean {
  const secret = secretNames().find((it) => name === it + FILE_SUFFIX || name === it + ARN_SUFFIX);
  return secret !== undefined || SETTINGS.has(name);
}
