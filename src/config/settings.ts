// The settings of a gateway and how the environment spells them. Pure: reads only the record it is given.
import ipaddr from 'ipaddr.js';
import { UNSUPPORTED_PARAMS, type UnsupportedParams } from '../inference/call.js';
import { type EncryptionKey, readEncryptionKeys } from './encryption-keys.js';
import { SettingReader } from './setting-reader.js';
import { readTraceSettings, type TraceSettings } from './trace-settings.js';

/** Version of `jimothyjohn/phi3-vision-instruct` that takes comma-separated `image_urls`. */
export const DEFAULT_MODEL_VERSION = 'eb47203b095603b4189c941667c3e21b7aba6694af845dae9a889a348581ed17';

/** Replicate's own API. */
export const REPLICATE_API = 'https://api.replicate.com/v1';

/** Levels of `LOG_LEVEL`, from the quietest. */
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Values of `CEREBRO_IMAGE_MODE`. */
const IMAGE_MODES = ['passthrough', 'fetch'] as const;

/** One entry of `CEREBRO_MODELS`. */
const MODEL_ENTRY = /^(?:\*|(?:deployments\/)?[\w.-]+\/(?:\*|[\w.-]+(?::[0-9a-f]{64})?))$/;

/** What the client of PostgreSQL knows of `PGSSLMODE`. Any other word would mean no encryption to it. */
const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/** In milliseconds. */
const DAY = 86_400_000;

/** One entry of `CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS`. */
const HOST_ENTRY = /^(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?$/;

/** Everything that can be set from outside. Times are in milliseconds. */
export interface Settings {
  readonly production: boolean;
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly logLevel: LogLevel;
  /** Absent: an embedded PostgreSQL in `dataDir`. */
  readonly databaseUrl?: string;
  /** Most connections to the database that one node holds. */
  readonly databasePoolSize: number;
  /** How long a start waits for a database that cannot be reached. */
  readonly databaseWaitMs: number;
  /** Where the embedded database and the generated secrets live. */
  readonly dataDir: string;
  /** Absent outside production: the sandbox answers. */
  readonly replicateToken?: string;
  readonly replicateBaseUrl: string;
  readonly replicateModelVersion: string;
  /** Where Replicate reaches us, for webhooks and pictures: an address without a slash at its end. */
  readonly publicUrl?: string;
  /** Models that callers may name besides the default one and the aliases: `owner/name`, `owner/name:version`,
   * `deployments/owner/name`, `owner/*` or `*`. */
  readonly models: readonly string[];
  /** The file of aliases, prices and settings of models. */
  readonly modelsFile?: string;
  /** Whether Replicate fetches callers' images itself, or we download, check and hand them on. */
  readonly imageMode: ImageMode;
  /** Hosts (`host` or `host:port`) that images may come from though they are private. Never in production. */
  readonly privateImageHosts: readonly string[];
  /** Creates that we send to Replicate in a minute, at the most; its own limit is 600 an account. */
  readonly createsPerMinute: number;
  /** Predictions of one model that this node waits for at the same time, at the most. */
  readonly modelConcurrency: number;
  /** Wrong credentials that one address may bring in any minute; then it is refused for a while. */
  readonly failedAuthPerMinute: number;
  /** What becomes of parameters that cannot be honoured, where the caller's key does not say. */
  readonly unsupportedParams: UnsupportedParams;
  /** How often a model is asked again for JSON that it got wrong; each time is billed. */
  readonly structuredRetries: number;
  /** The longest silence on a stream of ours, in milliseconds; then follows a comment. */
  readonly streamHeartbeatMs: number;
  /** Networks of the proxies in front of us, whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** The hardware whose list price holds for models that nobody has priced. */
  readonly defaultHardware?: string;
  /** Origins whose pages may call us; `*` for any. */
  readonly corsOrigins: readonly string[];
  /** Bearer key of the admin API. Absent outside production: generated. */
  readonly adminKey?: string;
  /** Secret of the key hashes. Absent outside production: generated. */
  readonly keyPepper?: string;
  /** The one before it, under which keys still work. */
  readonly keyPepperPrevious?: string;
  /** Keys of stored secrets, such as tenants' own tokens; none: such secrets cannot be stored. */
  readonly encryptionKeys: readonly EncryptionKey[];
  /** How often secrets that come from files or AWS Secrets Manager are read again; 0: never. */
  readonly secretsRefreshMs: number;
  /** Absent where all secrets are in the environment itself. */
  readonly externalSecrets?: ExternalSecrets;
  /** How long one prediction may take, boot included, before it is cancelled. */
  readonly predictionTimeoutMs: number;
  /** How long after SIGTERM connections are still accepted, while readiness says no more. */
  readonly shutdownDelayMs: number;
  /** How long running requests may go on after that. */
  readonly drainTimeoutMs: number;
  /** How long a connection without a request is kept. */
  readonly keepAliveTimeoutMs: number;
  /** How long the line of a settled prediction stays in the ledger. */
  readonly ledgerRetentionMs: number;
  /** Bearer token that `/metrics` asks for; absent: it is open. */
  readonly metricsToken?: string;
  /** Where traces go; absent: nothing is traced. */
  readonly traces?: TraceSettings;
  /** Largest request body, in bytes. */
  readonly bodyLimit: number;
}

/** See `Settings.imageMode`. */
export type ImageMode = (typeof IMAGE_MODES)[number];

/** Secrets that come from elsewhere than the environment. */
export interface ExternalSecrets {
  /** Variables that they would be in otherwise, such as `DATABASE_URL`. */
  readonly names: readonly string[];
  /** Reads them anew. What cannot be read, or is wrong, is as it was before. */
  readonly reload: () => Promise<ReloadedSettings>;
}

/** Settings with their secrets read anew. */
export interface ReloadedSettings {
  readonly settings: Settings;
  /** Why secrets have stayed as they were, a clause each, which begins with the name of a variable. */
  readonly problems: readonly string[];
}

/** Wrong settings: one line that names every bad variable and prints no value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  /** What is wrong, a clause each, where that was found at once. */
  readonly problems: readonly string[];

  constructor(
    message: string,
    { problems = [], ...options }: ErrorOptions & { problems?: readonly string[] } = {},
  ) {
    super(message, options);
    this.problems = problems;
  }

  /** An error about what was found at once. */
  static of(problems: readonly string[], options: ErrorOptions = {}): SettingsError {
    return new SettingsError(`Cerebro cannot start: ${problems.join('; ')}.`, { ...options, problems });
  }
}

/** What a header can carry as a bearer token: printable ASCII, in one piece. */
const TOKEN = /^[\x21-\x7e]{1,512}$/;

/** Secrets shorter than this can be guessed, so production refuses them. */
const SECRET_MIN_LENGTH = 16;

/** What the settings are for. A command answers no callers, and asks no models; a migration knows no keys either. */
export type Role = 'gateway' | 'command' | 'migration';

/**
 * Reads and checks all settings at once.
 *
 * @param env the environment, `process.env` as a rule
 * @throws {SettingsError} naming every variable that is wrong or, in production, missing
 */
export function parseSettings(
  env: Readonly<Record<string, string | undefined>>,
  role: Role = 'gateway',
): Settings {
  const read = new SettingReader(env);
  const production = read.oneOf('NODE_ENV', ['development', 'test', 'production']) === 'production';
  const databaseUrl = read.url('DATABASE_URL', ['postgres:', 'postgresql:'], { required: production });
  read.exactly('PGSSLMODE', SSL_MODES);
  const serves = production && role === 'gateway';
  const replicateToken = read.matching(
    'REPLICATE_API_TOKEN',
    TOKEN,
    'a token such as r8_…, in ASCII and without spaces',
    {
      required: serves,
    },
  );
  const secret = { required: production, minLength: production ? SECRET_MIN_LENGTH : 1 };
  const adminKey = read.matching('CEREBRO_ADMIN_KEY', TOKEN, 'a text without spaces', {
    ...secret,
    required: serves,
  });
  const keyPepper = read.text('CEREBRO_KEY_PEPPER', {
    ...secret,
    required: production && role !== 'migration',
  });
  const keyPepperPrevious = read.text('CEREBRO_KEY_PEPPER_PREVIOUS', { ...secret, required: false });
  const publicUrl = read.baseUrl('CEREBRO_PUBLIC_URL', production ? ['https:'] : ['https:', 'http:']);
  const modelsFile = read.text('CEREBRO_MODELS_FILE');
  const defaultHardware = read.text('CEREBRO_DEFAULT_HARDWARE');
  const metricsToken = read.matching('CEREBRO_METRICS_TOKEN', TOKEN, 'a text without spaces', {
    minLength: secret.minLength,
  });
  const traces = readTraceSettings(read);
  const settings: Settings = {
    production,
    host: read.text('HOST') ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port: read.integer('PORT', { min: 0, max: 65_535 }) ?? 3000,
    logLevel: read.oneOf('LOG_LEVEL', LOG_LEVELS) ?? 'info',
    databasePoolSize: read.integer('CEREBRO_DATABASE_POOL_SIZE', { min: 1, max: 1000 }) ?? 10,
    databaseWaitMs:
      read.duration('CEREBRO_DATABASE_WAIT', { min: 0, max: DAY }) ?? (production ? 300_000 : 0),
    dataDir: read.text('CEREBRO_DATA_DIR') ?? '.cerebro',
    replicateBaseUrl: withVersionPath(read.url('REPLICATE_BASE_URL', ['https:', 'http:']) ?? REPLICATE_API),
    replicateModelVersion:
      read.matching('REPLICATE_MODEL_VERSION', /^[0-9a-f]{64}$/, 'a version id of 64 hexadecimal digits') ??
      DEFAULT_MODEL_VERSION,
    predictionTimeoutMs:
      read.duration('CEREBRO_PREDICTION_TIMEOUT', { min: 1000, max: 86_400_000 }) ?? 600_000,
    shutdownDelayMs:
      read.duration('CEREBRO_SHUTDOWN_DELAY', { min: 0, max: 3_600_000 }) ?? (production ? 5000 : 0),
    drainTimeoutMs: read.duration('CEREBRO_DRAIN_TIMEOUT', { min: 0, max: 3_600_000 }) ?? 30_000,
    keepAliveTimeoutMs:
      read.duration('CEREBRO_KEEP_ALIVE_TIMEOUT', { min: 1000, max: 2 * 3_600_000 }) ?? 75_000,
    ledgerRetentionMs:
      read.duration('CEREBRO_LEDGER_RETENTION', { min: DAY, max: 36_500 * DAY }) ?? 400 * DAY,
    bodyLimit: read.integer('CEREBRO_BODY_LIMIT', { min: 1024, max: 256 * 1024 ** 2 }) ?? 16 * 1024 ** 2,
    models: read.list(
      'CEREBRO_MODELS',
      (entry) => MODEL_ENTRY.test(entry),
      'owner/name, owner/name:version, owner/* or *',
    ),
    imageMode: read.oneOf('CEREBRO_IMAGE_MODE', IMAGE_MODES) ?? 'passthrough',
    privateImageHosts: read.list('CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS', isHost, 'host or host:port', {
      forbidden: production,
    }),
    createsPerMinute: read.integer('CEREBRO_CREATES_PER_MINUTE', { min: 1, max: 1_000_000 }) ?? 600,
    modelConcurrency: read.integer('CEREBRO_MODEL_CONCURRENCY', { min: 1, max: 100_000 }) ?? 1000,
    failedAuthPerMinute: read.integer('CEREBRO_FAILED_AUTH_PER_MINUTE', { min: 1, max: 1_000_000 }) ?? 60,
    unsupportedParams: read.oneOf('CEREBRO_UNSUPPORTED_PARAMS', UNSUPPORTED_PARAMS) ?? 'refuse',
    structuredRetries: read.integer('CEREBRO_STRUCTURED_RETRIES', { min: 0, max: 5 }) ?? 1,
    streamHeartbeatMs: read.duration('CEREBRO_STREAM_HEARTBEAT', { min: 1000, max: 60_000 }) ?? 10_000,
    secretsRefreshMs: read.duration('CEREBRO_SECRETS_REFRESH', { min: 0, max: DAY }) ?? 300_000,
    encryptionKeys:
      read.parsed(
        'CEREBRO_ENCRYPTION_KEYS',
        readEncryptionKeys,
        'keys such as 1:<32 bytes in base64>, separated by commas, each with a version of its own',
      ) ?? [],
    trustedProxies: read.list('CEREBRO_TRUSTED_PROXIES', isNetwork, '10.0.0.1 or 10.0.0.0/8'),
    corsOrigins: read.list(
      'CEREBRO_CORS_ORIGINS',
      isOrigin,
      'https://app.example.com (a scheme and a host, no slash at the end), or *',
    ),
    ...(defaultHardware === undefined ? {} : { defaultHardware }),
    ...(metricsToken === undefined ? {} : { metricsToken }),
    ...(traces === undefined ? {} : { traces }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(modelsFile === undefined ? {} : { modelsFile }),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(replicateToken === undefined ? {} : { replicateToken }),
    ...(adminKey === undefined ? {} : { adminKey }),
    ...(keyPepper === undefined ? {} : { keyPepper }),
    ...(keyPepperPrevious === undefined ? {} : { keyPepperPrevious }),
  };
  if (read.problems.length > 0) throw SettingsError.of(read.problems);
  return settings;
}

function isHost(entry: string): boolean {
  const port = /:(\d+)$/.exec(entry)?.[1];
  return (
    HOST_ENTRY.test(entry) && URL.canParse(`http://${entry}`) && (port === undefined || Number(port) > 0)
  );
}

function isNetwork(entry: string): boolean {
  return entry.includes('/') ? ipaddr.isValidCIDR(entry) : ipaddr.isValid(entry);
}

/** An origin as browsers send it: a scheme and a host, perhaps a port, nothing else. */
function isOrigin(entry: string): boolean {
  return entry === '*' || (/^https?:\/\/[^*]+$/.test(entry) && URL.parse(entry)?.origin === entry);
}

/** All of Replicate's routes are under `/v1`; an address without a path means that one. */
function withVersionPath(address: string): string {
  const url = URL.parse(address);
  if (url?.pathname === '/') return `${url.origin}/v1`;
  return address.replace(/\/+$/, '');
}
