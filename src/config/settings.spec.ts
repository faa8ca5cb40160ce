import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { DEFAULT_MODEL_VERSION, parseSettings, REPLICATE_API, SettingsError } from './settings.js';

const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://cerebro@db/cerebro',
  REPLICATE_API_TOKEN: 'r8_0123456789abcdef',
  CEREBRO_ADMIN_KEY: 'admin-0123456789abcdef',
  CEREBRO_KEY_PEPPER: 'pepper-0123456789abcdef',
};

function problemOf(env: Record<string, string>): string {
  try {
    parseSettings(env);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as Error).message;
  }
  throw new Error('the settings were accepted');
}

describe('settings', () => {
  it('have defaults for everything outside production', () => {
    expect(parseSettings({})).toEqual({
      production: false,
      host: '127.0.0.1',
      port: 3000,
      logLevel: 'info',
      databasePoolSize: 10,
      databaseWaitMs: 0,
      dataDir: '.cerebro',
      replicateBaseUrl: REPLICATE_API,
      replicateModelVersion: DEFAULT_MODEL_VERSION,
      predictionTimeoutMs: 600_000,
      shutdownDelayMs: 0,
      drainTimeoutMs: 30_000,
      keepAliveTimeoutMs: 75_000,
      ledgerRetentionMs: 400 * 86_400_000,
      models: [],
      imageMode: 'passthrough',
      privateImageHosts: [],
      createsPerMinute: 600,
      modelConcurrency: 1000,
      failedAuthPerMinute: 60,
      bodyLimit: 16 * 1024 ** 2,
      unsupportedParams: 'refuse',
      structuredRetries: 1,
      streamHeartbeatMs: 10_000,
      corsOrigins: [],
      trustedProxies: [],
      encryptionKeys: [],
      secretsRefreshMs: 300_000,
    });
  });

  it('listen on every address in production', () => {
    expect(parseSettings(production).host).toBe('0.0.0.0');
  });

  it('give load balancers time at a stop, and the database at a start, in production (H7, H16)', () => {
    expect(parseSettings(production)).toMatchObject({ shutdownDelayMs: 5000, databaseWaitMs: 300_000 });
    const times = { CEREBRO_SHUTDOWN_DELAY: '250ms', CEREBRO_DATABASE_WAIT: '0' };
    expect(parseSettings({ ...production, ...times })).toMatchObject({
      shutdownDelayMs: 250,
      databaseWaitMs: 0,
    });
  });

  it('name every required variable that production lacks, at once', () => {
    const problem = problemOf({ NODE_ENV: 'production' });
    for (const name of Object.keys(production).slice(1)) expect(problem).toContain(`${name} is required`);
    expect(problem).not.toContain('\n');
  });

  it('ask a command for no more than the database and the pepper', () => {
    const { NODE_ENV, DATABASE_URL, CEREBRO_KEY_PEPPER } = production;
    const needed = { NODE_ENV, DATABASE_URL, CEREBRO_KEY_PEPPER };
    expect(parseSettings(needed, 'command')).toMatchObject({ keyPepper: CEREBRO_KEY_PEPPER });
    expect(() => parseSettings(needed)).toThrow(
      /REPLICATE_API_TOKEN is required.*CEREBRO_ADMIN_KEY is required/,
    );
    expect(() => parseSettings({ NODE_ENV }, 'command')).toThrow(
      /: DATABASE_URL is required[^;]*; CEREBRO_KEY_PEPPER is required[^;]*\.$/,
    );
  });

  it('ask migrations for the database alone', () => {
    const { NODE_ENV, DATABASE_URL } = production;
    expect(parseSettings({ NODE_ENV, DATABASE_URL }, 'migration')).toMatchObject({
      databaseUrl: DATABASE_URL,
    });
    expect(() => parseSettings({ NODE_ENV }, 'migration')).toThrow(/: DATABASE_URL is required[^;]*\.$/);
  });

  it('refuse empty and short secrets in production (E19)', () => {
    expect(problemOf({ ...production, CEREBRO_KEY_PEPPER: '' })).toContain('CEREBRO_KEY_PEPPER is required');
    expect(problemOf({ ...production, CEREBRO_ADMIN_KEY: 'admin' })).toContain(
      'CEREBRO_ADMIN_KEY must have at least 16',
    );
    expect(problemOf({ ...production, CEREBRO_KEY_PEPPER_PREVIOUS: 'pepper' })).toContain(
      'CEREBRO_KEY_PEPPER_PREVIOUS must have at least 16',
    );
  });

  it('never print a value (E19, H18)', () => {
    const marker = 'hunter2';
    const problem = problemOf({
      NODE_ENV: 'production',
      PORT: marker,
      LOG_LEVEL: marker,
      DATABASE_URL: marker,
      CEREBRO_ADMIN_KEY: marker,
      REPLICATE_MODEL_VERSION: marker,
      CEREBRO_PREDICTION_TIMEOUT: marker,
      CEREBRO_LEDGER_RETENTION: marker,
      CEREBRO_MODELS: `${marker}, owner/name`,
      CEREBRO_IMAGE_MODE: marker,
      CEREBRO_PUBLIC_URL: `http://${marker}.example`,
      CEREBRO_FAILED_AUTH_PER_MINUTE: marker,
      CEREBRO_UNSUPPORTED_PARAMS: marker,
      CEREBRO_STRUCTURED_RETRIES: marker,
      CEREBRO_STREAM_HEARTBEAT: marker,
      CEREBRO_SECRETS_REFRESH: marker,
      CEREBRO_CORS_ORIGINS: `*, https://${marker}/`,
      CEREBRO_ENCRYPTION_KEYS: `1:${marker}`,
    });
    expect(problem).not.toContain(marker);
    expect(problem.match(/must/g)?.length).toBe(17);
  });

  it.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['1500ms', 1500],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['1.5', 1500],
  ])('read the time %s', (text, milliseconds) => {
    expect(parseSettings({ CEREBRO_PREDICTION_TIMEOUT: text }).predictionTimeoutMs).toBe(milliseconds);
  });

  it.each([
    'REPLICATE_API_TOKEN=r8_first\nr8_second',
    'REPLICATE_API_TOKEN=“r8_first”',
    'PORT=-1',
    'PORT=65536',
    'PORT=3000.5',
    'PORT=0x10',
    'CEREBRO_PREDICTION_TIMEOUT=0',
    'CEREBRO_PREDICTION_TIMEOUT=2d',
    'CEREBRO_SHUTDOWN_DELAY=2h',
    'CEREBRO_SHUTDOWN_DELAY=-1',
    'CEREBRO_DATABASE_WAIT=2d',
    'CEREBRO_LEDGER_RETENTION=12h',
    'CEREBRO_LEDGER_RETENTION=400y',
    'CEREBRO_LEDGER_RETENTION=1000000d',
    'CEREBRO_MODELS=llava',
    'CEREBRO_MODELS=owner/name, owner/name:latest',
    'CEREBRO_MODELS=owner/name,',
    'CEREBRO_IMAGE_MODE=download',
    'CEREBRO_PUBLIC_URL=cerebro.example',
    'CEREBRO_PUBLIC_URL=ftp://cerebro.example',
    'CEREBRO_PUBLIC_URL=https://cerebro.example/?a=b',
    'CEREBRO_PUBLIC_URL=https://cerebro.example/#top',
    'CEREBRO_PUBLIC_URL=https://user:secret@cerebro.example',
    'CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS=http://10.0.0.1/',
    'CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS=10.0.0.0/8',
    'CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS=*',
    'CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS=nas.lan:99999',
    'CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS=nas.lan:0',
    'CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS=[:::]',
    'CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS=999.1.1.1',
    'CEREBRO_FAILED_AUTH_PER_MINUTE=0',
    'CEREBRO_FAILED_AUTH_PER_MINUTE=1000001',
    'CEREBRO_FAILED_AUTH_PER_MINUTE=1.5',
    'CEREBRO_UNSUPPORTED_PARAMS=ignore',
    'CEREBRO_UNSUPPORTED_PARAMS=true',
    'CEREBRO_SECRETS_REFRESH=-1',
    'CEREBRO_SECRETS_REFRESH=never',
    'CEREBRO_SECRETS_REFRESH=25h',
    'CEREBRO_STRUCTURED_RETRIES=-1',
    'CEREBRO_STRUCTURED_RETRIES=6',
    'CEREBRO_STRUCTURED_RETRIES=1.5',
    'CEREBRO_STREAM_HEARTBEAT=0',
    'CEREBRO_STREAM_HEARTBEAT=999ms',
    'CEREBRO_STREAM_HEARTBEAT=61s',
    'CEREBRO_CORS_ORIGINS=app.example.com',
    'CEREBRO_CORS_ORIGINS=https://app.example.com/',
    'CEREBRO_CORS_ORIGINS=https://app.example.com/path',
    'CEREBRO_CORS_ORIGINS=https://App.example.com',
    'CEREBRO_CORS_ORIGINS=https://app.example.com:443',
    'CEREBRO_CORS_ORIGINS=https://user@app.example.com',
    'CEREBRO_CORS_ORIGINS=ftp://app.example.com',
    'CEREBRO_CORS_ORIGINS=null',
    'CEREBRO_CORS_ORIGINS=https://app.example.com https://b.example.com',
    'CEREBRO_CORS_ORIGINS=https://app.example.com,',
  ])('refuse %s', (assignment) => {
    const [name = '', value = ''] = assignment.split('=');
    expect(problemOf({ [name]: value })).toContain(name);
  });

  it('read encryption keys, and show none of them', () => {
    const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)].map((key) => key.toString('base64'));
    const settings = parseSettings({ CEREBRO_ENCRYPTION_KEYS: `1:${one} , 12:${two?.replace('=', '')}` });
    expect(settings.encryptionKeys.map(({ version }) => version)).toEqual([1, 12]);
    expect(settings.encryptionKeys[1]?.key.export()).toEqual(Buffer.alloc(32, 2));
    const printed = `${inspect(settings, { depth: 9, showHidden: true })}${JSON.stringify(settings)}`;
    expect(printed).not.toContain(one);
    expect(printed).not.toContain('01 01 01');
  });

  it.each([
    '0:{32}',
    '-1:{32}',
    '01:{32}',
    'one:{32}',
    '{32}',
    '1:',
    '1:{31}',
    '1:{33}',
    '1:{32},1:{32}',
    '1:{32},',
    '1:{32};2:{32}',
    '1:{32}A',
    `1:${'*'.repeat(43)}=`,
    // Forty-three digits that nobody writes for 32 bytes: what is left of the last one would be lost.
    `1:${'A'.repeat(42)}B=`,
  ])('refuse the encryption keys %j without showing them', (form) => {
    const text = form.replace(/\{(\d+)\}/g, (_, size) => Buffer.alloc(Number(size), 0x5a).toString('base64'));
    const problem = problemOf({ CEREBRO_ENCRYPTION_KEYS: text });
    expect(problem).toContain('CEREBRO_ENCRYPTION_KEYS must be');
    expect(problem).not.toContain('WlpaWl');
  });

  it('refuse to open private hosts to images in production (D1)', () => {
    const secret = '10.11.12.13:8080';
    const problem = problemOf({ ...production, CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS: secret });
    expect(problem).toContain('CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS must not be set');
    expect(problem).not.toContain('10.11');
  });

  it('want an address of ours with https in production alone', () => {
    const CEREBRO_PUBLIC_URL = 'http://cerebro.example';
    expect(parseSettings({ CEREBRO_PUBLIC_URL }).publicUrl).toBe(CEREBRO_PUBLIC_URL);
    expect(problemOf({ ...production, CEREBRO_PUBLIC_URL })).toContain('CEREBRO_PUBLIC_URL must be');
  });

  it('read lists, and addresses without the slash at their end', () => {
    const settings = parseSettings({
      CEREBRO_MODELS: ` owner/name , owner/*,deployments/owner/name,owner/name:${'0'.repeat(64)},*`,
      CEREBRO_IMAGE_MODE: 'Fetch',
      CEREBRO_PUBLIC_URL: 'https://cerebro.example/vision//',
      CEREBRO_ALLOW_PRIVATE_IMAGE_HOSTS: 'nas.lan, 10.0.0.1:8080,[::1]:80',
    });
    expect(settings).toMatchObject({
      models: ['owner/name', 'owner/*', 'deployments/owner/name', `owner/name:${'0'.repeat(64)}`, '*'],
      imageMode: 'fetch',
      publicUrl: 'https://cerebro.example/vision',
      privateImageHosts: ['nas.lan', '10.0.0.1:8080', '[::1]:80'],
    });
  });

  it('read what becomes of parameters, and how an answer is streamed and asked for again', () => {
    const settings = parseSettings({
      CEREBRO_UNSUPPORTED_PARAMS: 'Drop',
      CEREBRO_STRUCTURED_RETRIES: '0',
      CEREBRO_STREAM_HEARTBEAT: '2.5s',
      CEREBRO_CORS_ORIGINS: 'https://app.example.com , http://localhost:5173,https://[::1]:8443',
    });
    expect(settings).toMatchObject({
      unsupportedParams: 'drop',
      structuredRetries: 0,
      streamHeartbeatMs: 2500,
      corsOrigins: ['https://app.example.com', 'http://localhost:5173', 'https://[::1]:8443'],
    });
    expect(parseSettings({ CEREBRO_CORS_ORIGINS: '*' }).corsOrigins).toEqual(['*']);
  });

  it('believe the proxies that are named, by address or network', () => {
    const CEREBRO_TRUSTED_PROXIES = '10.0.0.0/8, 192.0.2.1,2001:db8::/32';
    expect(parseSettings({ CEREBRO_TRUSTED_PROXIES }).trustedProxies).toEqual([
      '10.0.0.0/8',
      '192.0.2.1',
      '2001:db8::/32',
    ]);
    expect(() => parseSettings({ CEREBRO_TRUSTED_PROXIES: 'the-balancer' })).toThrow(
      'CEREBRO_TRUSTED_PROXIES',
    );
  });

  it('take an address of Replicate without a path for its /v1', () => {
    const base = (REPLICATE_BASE_URL: string) => parseSettings({ REPLICATE_BASE_URL }).replicateBaseUrl;
    expect(base('http://127.0.0.1:9000')).toBe('http://127.0.0.1:9000/v1');
    expect(base('http://127.0.0.1:9000/v1/')).toBe('http://127.0.0.1:9000/v1');
    expect(base('https://proxy.example/replicate')).toBe('https://proxy.example/replicate');
  });
});
