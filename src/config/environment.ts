// The only place that reads the process's environment and its .env file.
import { loadEnvFile } from 'node:process';
import { parseSettings, type Role, type Settings, SettingsError } from './settings.js';

/** Variables with our prefix that mean something; a further one is a typing mistake. */
const KNOWN = [
  'CEREBRO_ADMIN_KEY',
  'CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS',
  'CEREBRO_BODY_LIMIT',
  'CEREBRO_CORS_ORIGINS',
  'CEREBRO_CREATES_PER_MINUTE',
  'CEREBRO_DATABASE_POOL_SIZE',
  'CEREBRO_DATA_DIR',
  'CEREBRO_DEFAULT_HARDWARE',
  'CEREBRO_DRAIN_TIMEOUT',
  'CEREBRO_ENCRYPTION_KEYS',
  'CEREBRO_FAILED_AUTH_PER_MINUTE',
  'CEREBRO_IMAGE_MODE',
  'CEREBRO_KEY_PEPPER',
  'CEREBRO_LEDGER_RETENTION',
  'CEREBRO_MODELS',
  'CEREBRO_MODELS_FILE',
  'CEREBRO_MODEL_CONCURRENCY',
  'CEREBRO_PREDICTION_TIMEOUT',
  'CEREBRO_PUBLIC_URL',
  'CEREBRO_STREAM_HEARTBEAT',
  'CEREBRO_STRUCTURED_RETRIES',
  'CEREBRO_TRUSTED_PROXIES',
  'CEREBRO_UNSUPPORTED_PARAMS',
];

/**
 * Settings from the environment and, below it, from `.env` in the working folder.
 *
 * @throws {SettingsError} when a variable is wrong or `.env` cannot be read
 */
export function loadSettings(role: Role = 'gateway'): Settings {
  try {
    loadEnvFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new SettingsError('Cerebro cannot read .env.');
  }
  return parseSettings(process.env, role);
}

/** Names that look like ours and mean nothing, for a warning at start. */
export function unknownVariables(): string[] {
  return Object.keys(process.env).filter((name) => name.startsWith('CEREBRO_') && !KNOWN.includes(name));
}
