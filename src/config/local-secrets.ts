// Secrets that a development gateway makes for itself and keeps, so that a second start accepts the same keys.
import { hkdfSync, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEncryptionKeys } from './encryption-keys.js';
import { SettingsError } from './settings.js';

/** What is kept in `secrets.json` of the data folder, readable by its owner only. Never used in production. */
export interface LocalSecrets {
  readonly keyPepper: string;
  readonly adminKey: string;
  readonly databasePassword: string;
  /** As `CEREBRO_ENCRYPTION_KEYS` spells them. */
  readonly encryptionKeys: string;
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
    const secrets = parse(readFileSync(file, 'utf8'), dataDir);
    return isComplete(secrets) ? secrets : complete(dataDir, secrets);
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
    encryptionKeys: spelled(randomBytes(32)),
  });
  try {
    linkSync(made, fileIn(dataDir));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(made);
  }
}

/** Secrets of a start before there were encryption keys. */
type EarlierSecrets = Omit<LocalSecrets, 'encryptionKeys'> & Partial<Pick<LocalSecrets, 'encryptionKeys'>>;

function isComplete(secrets: EarlierSecrets): secrets is LocalSecrets {
  return secrets.encryptionKeys !== undefined;
}

/** Adds the key that was missing. Derived from what is there, so that two that begin at once add the same. */
function complete(dataDir: string, secrets: EarlierSecrets): LocalSecrets {
  const key = Buffer.from(hkdfSync('sha256', secrets.keyPepper, '', 'cerebro encryption key 1', 32));
  const whole = { ...secrets, encryptionKeys: spelled(key) };
  saveLocalSecrets(dataDir, whole);
  return whole;
}

function spelled(key: Buffer): string {
  return `1:${key.toString('base64')}`;
}

/** Writes the secrets into a file of their own, and returns its path. */
function write(dataDir: string, secrets: LocalSecrets): string {
  const file = `${fileIn(dataDir)}.${process.pid}`;
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return file;
}

function parse(text: string, dataDir: string): EarlierSecrets {
  const names = ['keyPepper', 'adminKey', 'databasePassword'] as const;
  try {
    const secrets = JSON.parse(text) as EarlierSecrets;
    const { encryptionKeys: keys } = secrets;
    const hasAll = names.every((name) => typeof secrets[name] === 'string' && secrets[name] !== '');
    if (hasAll && (keys === undefined || readEncryptionKeys(keys))) return secrets;
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
