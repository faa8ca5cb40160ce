// Secrets as they are now: those that come from files or AWS Secrets Manager are read again, now and then and when one
// is refused. Who uses one asks for it at each use.
import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { isSameServer } from './database-address.js';
import type { EncryptionKey } from './encryption-keys.js';
import type { ReloadedSettings, Settings } from './settings.js';

/** Secrets that change without a restart. */
const LIVE = {
  REPLICATE_API_TOKEN: 'replicateToken',
  DATABASE_URL: 'databaseUrl',
  CEREBRO_ADMIN_KEY: 'adminKey',
  CEREBRO_METRICS_TOKEN: 'metricsToken',
} as const satisfies Readonly<Record<string, keyof Settings>>;

/** Secrets whose change is told of, and waits for a restart. */
const FIXED = {
  CEREBRO_KEY_PEPPER: 'keyPepper',
  CEREBRO_KEY_PEPPER_PREVIOUS: 'keyPepperPrevious',
  CEREBRO_ENCRYPTION_KEYS: 'encryptionKeys',
} as const satisfies Readonly<Record<string, keyof Settings>>;

const SECRETS = { ...LIVE, ...FIXED };
type SecretName = keyof typeof SECRETS;
type Secrets = Pick<Settings, (typeof SECRETS)[SecretName]>;

/** A secret that changes without a restart, by its name in the settings. */
export type LiveSecret = (typeof LIVE)[keyof typeof LIVE];

/** After a reading, a refused secret causes no other for so long, in milliseconds: it may be refused a lot. */
const PAUSE = 3000;

/** After so long, in milliseconds, a problem that lasts is told of again. */
const REMINDER = 3_600_000;

/** What is needed of the settings. */
export type LiveSecretsOptions = Secrets & Pick<Settings, 'secretsRefreshMs' | 'externalSecrets'>;

/** Whether the database refuses the user or the password of a connection string. Never rejects. */
export type LoginTrial = (databaseUrl: string) => Promise<boolean>;

/** The secrets that are in use. */
export class LiveSecrets implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Secrets');
  private readonly names: readonly SecretName[];
  /** What is in use. */
  private readonly used: Partial<Record<LiveSecret, string>>;
  /** What was read last. */
  private seen: Secrets;
  private timer: NodeJS.Timeout | undefined;
  private reading: Promise<void> | undefined;
  private readAt = -Infinity;
  private isOver = false;
  /** What keeps secrets from being read, and when that was told. */
  private told = new Map<string, number>();
  private refusesLogin: LoginTrial = () => Promise.resolve(false);

  constructor(private readonly options: LiveSecretsOptions) {
    const external = options.externalSecrets?.names ?? [];
    this.names = (Object.keys(SECRETS) as SecretName[]).filter((name) => external.includes(name));
    const { replicateToken, databaseUrl, adminKey, metricsToken } = options;
    this.used = { replicateToken, databaseUrl, adminKey, metricsToken };
    this.seen = options;
  }

  /** A secret as it is to be used now; undefined where there is none. */
  get(secret: LiveSecret): string | undefined {
    return this.used[secret];
  }

  /** From now on, a changed connection string is tried before it is taken. */
  tryLoginsBy(trial: LoginTrial): void {
    this.refusesLogin = trial;
  }

  /**
   * Reads secrets again because one that is in use was refused: not where that was done just now, nor where secrets
   * are never read again. Never rejects.
   */
  async refused(): Promise<void> {
    if (!this.isRefreshing || (!this.reading && performance.now() - this.readAt < PAUSE)) return;
    await this.refresh();
  }

  onApplicationBootstrap(): void {
    this.schedule();
  }

  onModuleDestroy(): void {
    this.isOver = true;
    clearTimeout(this.timer);
  }

  private get isRefreshing(): boolean {
    return this.names.length > 0 && this.options.secretsRefreshMs > 0 && !this.isOver;
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (!this.isRefreshing) return;
    this.timer = setTimeout(() => void this.refresh(), this.options.secretsRefreshMs).unref();
  }

  private refresh(): Promise<void> {
    this.reading ??= this.read().finally(() => {
      this.reading = undefined;
      this.readAt = performance.now();
      this.schedule();
    });
    return this.reading;
  }

  private async read(): Promise<void> {
    try {
      const reloaded = await this.options.externalSecrets?.reload();
      if (!reloaded || this.isOver) return;
      const { settings, problems } = await this.withGoodLogin(reloaded);
      if (this.isOver) return;
      this.take(settings);
      this.tell(problems);
    } catch (error) {
      // Of an error that nobody foresaw no more than its name is known to show no value.
      this.tell([(error as Error).name]);
    }
  }

  /** A connection string whose login is refused stays as it was, and is tried anew at the next reading. */
  private async withGoodLogin(reloaded: ReloadedSettings): Promise<ReloadedSettings> {
    const { settings, problems } = reloaded;
    const { databaseUrl: before } = this.seen;
    const { databaseUrl } = settings;
    if (databaseUrl === undefined || before === undefined || databaseUrl === before) return reloaded;
    if (!isSameServer(before, databaseUrl) || !(await this.refusesLogin(databaseUrl))) return reloaded;
    const problem = 'DATABASE_URL holds a user or a password that the database refuses';
    return { settings: { ...settings, databaseUrl: before }, problems: [...problems, problem] };
  }

  /** What lasts is told of now and then, not at each reading. */
  private tell(problems: readonly string[]): void {
    const now = performance.now();
    const before = this.told;
    this.told = new Map(problems.map((problem) => [problem, before.get(problem) ?? -Infinity]));
    for (const [problem, toldAt] of this.told) {
      if (now - toldAt < REMINDER) continue;
      this.told.set(problem, now);
      this.logger.warn(`A secret could not be read again, and stays as it was: ${problem}`);
    }
  }

  private take(settings: Settings): void {
    const before = this.seen;
    this.seen = settings;
    for (const name of this.names) {
      const field = SECRETS[name];
      if (isSame(before[field], settings[field])) continue;
      const isUsed = isLive(name) && this.use(LIVE[name], settings);
      if (isUsed) this.logger.log(`${name} was changed; it is used from now on`);
      else this.logger.warn(`${name} was changed; restart to use it`);
    }
  }

  /** Whether the secret can be used from now on. */
  private use(secret: LiveSecret, settings: Settings): boolean {
    const value = settings[secret];
    const { databaseUrl = '' } = this.used;
    // Another server has other data: some connections to one and some to the other would be the end of both.
    if (value === undefined || (secret === 'databaseUrl' && !isSameServer(databaseUrl, value))) return false;
    this.used[secret] = value;
    return true;
  }
}

function isLive(name: SecretName): name is keyof typeof LIVE {
  return name in LIVE;
}

function isSame(one: Secrets[keyof Secrets], other: Secrets[keyof Secrets]): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  const others = other as readonly EncryptionKey[];
  return (
    one.length === others.length &&
    (one as readonly EncryptionKey[]).every(
      ({ version, key }, at) => others[at]?.version === version && others[at].key.equals(key),
    )
  );
}
