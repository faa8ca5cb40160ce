// What a gateway outside production brings along for itself: secrets, a database, and the sandbox.
import { resolve } from 'node:path';
import type { ReadySettings } from './app.module.js';
import { type EncryptionKey, readEncryptionKeys } from './config/encryption-keys.js';
import { type LocalSecrets, localSecrets } from './config/local-secrets.js';
import type { Settings } from './config/settings.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './database/embedded/embedded-database.js';
import type { Sandbox } from './sandbox/sandbox.js';

/** Settings made complete, and what was started for that. */
export interface LocalServices {
  readonly settings: ReadySettings;
  /** Absent in production. */
  readonly secrets: LocalSecrets | undefined;
  readonly sandbox: Sandbox | undefined;
  /** Absent with a `DATABASE_URL`. */
  readonly database: EmbeddedDatabase | undefined;
  /** Stops what was started, in reverse order. */
  stop(): Promise<void>;
}

/** What to start. */
export interface LocalOptions {
  /** A gateway owns the embedded database and the sandbox; a command only visits the database. */
  readonly role: 'gateway' | 'command';
}

/** Completes the settings, starting what they lack. In production they lack nothing. */
export async function startLocalServices(given: Settings, { role }: LocalOptions): Promise<LocalServices> {
  const dataDir = resolve(given.dataDir);
  const secrets = given.production ? undefined : localSecrets(dataDir);
  const started: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const stopOne of started.splice(0).reverse()) await stopOne();
  };
  try {
    const database = given.databaseUrl === undefined ? await openDatabase(dataDir, secrets, role) : undefined;
    if (database) started.push(() => database.stop());
    const databaseUrl = given.databaseUrl ?? database?.url ?? '';
    const needsSandbox = given.replicateToken === undefined && role === 'gateway';
    const sandbox = needsSandbox ? await startSandboxBeside(given, started) : undefined;
    const settings: ReadySettings = {
      ...given,
      ...(sandbox && besideSandbox(given, sandbox)),
      databaseUrl,
      adminKey: given.adminKey ?? secrets?.adminKey ?? '',
      keyPepper: given.keyPepper ?? secrets?.keyPepper ?? '',
      encryptionKeys: encryptionKeysOf(given, secrets),
    };
    return { settings, secrets, sandbox, database, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The sandbox is reached, and reaches us, on this machine alone: its pictures are let in, and it may call back. */
function besideSandbox(given: Settings, { baseUrl }: Sandbox): Partial<Settings> {
  const { host } = new URL(baseUrl);
  return {
    replicateToken: 'sandbox',
    // So that costs, budgets and the ledger can be seen at work.
    defaultHardware: given.defaultHardware ?? 'gpu-l40s',
    replicateBaseUrl: baseUrl,
    privateImageHosts: [...given.privateImageHosts, host],
    ...(given.port > 0 && { publicUrl: given.publicUrl ?? `http://127.0.0.1:${given.port}` }),
  };
}

function encryptionKeysOf({ encryptionKeys }: Settings, secrets: LocalSecrets | undefined): EncryptionKey[] {
  if (encryptionKeys.length > 0 || !secrets) return [...encryptionKeys];
  return readEncryptionKeys(secrets.encryptionKeys) ?? [];
}

function openDatabase(
  dataDir: string,
  secrets: LocalSecrets | undefined,
  role: LocalOptions['role'],
): Promise<EmbeddedDatabase> {
  const password = secrets?.databasePassword ?? '';
  return openEmbeddedDatabase({ dataDir, password, owner: role === 'gateway' });
}

/** On the port after ours where that is free, so that addresses of its pictures stay good over restarts. */
async function startSandboxBeside({ port }: Settings, started: (() => Promise<void>)[]): Promise<Sandbox> {
  const { startSandbox } = await import('./sandbox/sandbox.js');
  const beside = port > 0 && port < 65_535 ? port + 1 : 0;
  const sandbox = await startSandbox({ port: beside }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).syscall !== 'listen') throw error;
    return startSandbox();
  });
  started.push(() => sandbox.close());
  return sandbox;
}
