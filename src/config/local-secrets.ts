// Secrets that a development gateway makes for itself and keeps, so that a second start accepts the same keys.
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SettingsError } from './settings.js';

/** What is kept in `secrets.json` of the data folder, readable by its owner only. Never used in production. */
export interface LocalSecrets {
  readonly keyPepper: string;
  readonly adminKey: string;
  readonly databasePassword: string;
  /** The demo tenant and its key, once they exist. */
  readonly demo?: { readonly tenantId: string; readonly key: string };
}

/**
 * The secrets of a data folder, made at the first call.
 *
 * @throws {SettingsError} when the folder cannot be written or the file is damaged
 */
export function localSecrets(dataDir: string): LocalSecrets {
  const file = fileIn(dataDir);
  try {
    // Others may pass through, which the embedded database needs when root has started it, but read nothing.
    mkdirSync(dataDir, { recursive: true, mode: 0o711 });
    if (!existsSync(file)) create(dataDir);
    return parse(readFileSync(file, 'utf8'), dataDir);
  } catch (error) {
    throw error instanceof SettingsError ? error : unusable(dataDir, error);
  }
}

/** Keeps changed secrets; whole or not at all. */
export function saveLocalSecrets(dataDir: string, secrets: LocalSecrets): void {
  renameSync(write(dataDir, secrets), fileIn(dataDir));
}

/** Of two that begin at once, the first to finish wins, and the other takes what that has made. */
function create(dataDir: string): void {
  const made = write(dataDir, {
    keyPepper: secret(),
    adminKey: `cbr_admin_${secret()}`,
    databasePassword: secret(),
  });
  try {
    linkSync(made, fileIn(dataDir));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(made);
  }
}

/** Writes the secrets into a file of their own, and returns its path. */
function write(dataDir: string, secrets: LocalSecrets): string {
  const file = `${fileIn(dataDir)}.${process.pid}`;
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return file;
}

function parse(text: string, dataDir: string): LocalSecrets {
  const names = ['keyPepper', 'adminKey', 'databasePassword'] as const;
  try {
    const secrets = JSON.parse(text) as LocalSecrets;
    if (names.every((name) => typeof secrets[name] === 'string' && secrets[name] !== '')) return secrets;
  } catch {
    // Told below, together with a file that is JSON but not ours.
  }
  throw new SettingsError(
    `Cerebro cannot start: ${fileIn(dataDir)} is damaged; delete ${dataDir} to begin anew.`,
  );
}

function fileIn(dataDir: string): string {
  return join(dataDir, 'secrets.json');
}

function secret(): string {
  return randomBytes(24).toString('base64url');
}

function unusable(dataDir: string, error: unknown): SettingsError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return new SettingsError(
    `Cerebro cannot start: the data folder ${dataDir} cannot be used (${code}); set CEREBRO_DATA_DIR.`,
  );
}
