import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  awsVariables,
  type SecretsManagerStandIn,
  startSecretsManager,
} from '../../test/support/secrets-manager.js';
import { readSettings } from './environment.js';
import { resolveSecrets } from './secret-resolver.js';
import type { Environment } from './secret-sources.js';
import { secretNames } from './setting-catalogue.js';
import { parseSettings, SettingsError } from './settings.js';

const ARN = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`;
const VALUE = 'canary-value-4711';

const resolve = (env: Environment) => resolveSecrets(env, secretNames());

/** The one line that is told; it has no value in it. */
async function problemOf(env: Environment): Promise<string> {
  const told: unknown = await resolve(env).catch((error: unknown) => error);
  expect(told).toBeInstanceOf(SettingsError);
  const { message } = told as Error;
  expect(message).toMatch(/^Cerebro cannot start: [^\n]*\.$/);
  expect(message).not.toContain(VALUE);
  return message.slice('Cerebro cannot start: '.length);
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cerebro-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(content: string | Uint8Array, name = 'secret'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('a secret in a file', () => {
  it.each([
    [VALUE, VALUE],
    [`${VALUE}\n`, VALUE],
    [`${VALUE}\r\n`, VALUE],
    [`${VALUE}\n\n`, `${VALUE}\n`],
    [` ${VALUE}`, ` ${VALUE}`],
  ])('is its content, without one line end: %j', async (content, value) => {
    const given = { REPLICATE_API_TOKEN_FILE: file(content), PORT: '0' };
    const { env, external } = await resolve(given);
    expect(env).toEqual({ ...given, REPLICATE_API_TOKEN: value });
    expect(external).toEqual(['REPLICATE_API_TOKEN']);
  });

  it('may be as large as 64 KiB', async () => {
    const { env } = await resolve({ REPLICATE_API_TOKEN_FILE: file('x'.repeat(65_536)) });
    expect(env.REPLICATE_API_TOKEN).toHaveLength(65_536);
    const problem = await problemOf({ REPLICATE_API_TOKEN_FILE: file('x'.repeat(65_537)) });
    expect(problem).toBe('REPLICATE_API_TOKEN_FILE names a file of more than 64 KiB.');
  });

  it('is followed to where it is mounted, and may be for any secret', async () => {
    symlinkSync(file(VALUE), join(folder, 'link'));
    const given = Object.fromEntries(secretNames().map((name) => [`${name}_FILE`, join(folder, 'link')]));
    const { env, external } = await resolve(given);
    expect(external).toEqual(secretNames());
    for (const name of secretNames()) expect(env[name]).toBe(VALUE);
  });

  it('that cannot be had is told of by the name of its variable', async () => {
    const told = async (path: string) => problemOf({ CEREBRO_ADMIN_KEY_FILE: path });
    expect(await told(join(folder, 'none'))).toBe('CEREBRO_ADMIN_KEY_FILE names a file that does not exist.');
    expect(await told(file(''))).toBe('CEREBRO_ADMIN_KEY_FILE names an empty file.');
    expect(await told(file(' \n'))).toBe('CEREBRO_ADMIN_KEY_FILE names an empty file.');
    expect(await told(file('{"admin":"secret"}'))).toBe(
      'CEREBRO_ADMIN_KEY_FILE names a file of JSON, not of the value alone.',
    );
    mkdirSync(join(folder, 'folder'));
    expect(await told(join(folder, 'folder'))).toMatch(
      /^CEREBRO_ADMIN_KEY_FILE names something that is no file/,
    );
    expect(await told(join(file(VALUE), 'below'))).toMatch(/^CEREBRO_ADMIN_KEY_FILE .* \(ENOTDIR\)/);
  });

  it.skipIf(process.getuid?.() === 0)('that may not be read is told of (not as root)', async () => {
    chmodSync(file(VALUE), 0);
    const problem = await problemOf({ DATABASE_URL_FILE: join(folder, 'secret') });
    expect(problem).toBe('DATABASE_URL_FILE names a file that cannot be read (EACCES).');
  });

  it('is not looked for where the variable is blank, nor for settings that are no secrets', async () => {
    const given = { REPLICATE_API_TOKEN_FILE: ' ', PORT_FILE: file('1'), REPLICATE_API_TOKEN: VALUE };
    expect(await resolve(given)).toEqual({ env: given, external: [] });
  });
});

describe('two places for one secret', () => {
  it('are refused, with the names of both', async () => {
    expect(
      await problemOf({ DATABASE_URL: VALUE, DATABASE_URL_FILE: file(VALUE), CEREBRO_KEY_PEPPER: VALUE }),
    ).toBe('DATABASE_URL and DATABASE_URL_FILE must not be set together.');
    expect(await problemOf({ DATABASE_URL_FILE: file(VALUE), DATABASE_URL_SECRET_ARN: ARN('a') })).toContain(
      'DATABASE_URL_FILE and DATABASE_URL_SECRET_ARN must',
    );
  });
});

describe('a secret in AWS Secrets Manager', () => {
  let aws: SecretsManagerStandIn;
  beforeAll(async () => {
    aws = await startSecretsManager({
      [ARN('token')]: VALUE,
      [ARN('bytes')]: Buffer.from(VALUE),
      [ARN('all')]: JSON.stringify({ url: `postgresql://a:${VALUE}@b/c`, pepper: `${VALUE}-pepper`, n: 1 }),
      [ARN('database')]: JSON.stringify({ username: 'u', password: VALUE, host: 'db', dbname: 'd' }),
      [ARN('empty')]: '',
      [ARN('text')]: VALUE,
    });
  });
  afterAll(() => aws.close());
  beforeEach(() => {
    for (const [name, value] of Object.entries(awsVariables(aws.url))) vi.stubEnv(name, value);
  });
  afterEach(() => void vi.unstubAllEnvs());

  it('is read in its region, signed, whether it is text or bytes', async () => {
    const { env, external } = await resolve({
      REPLICATE_API_TOKEN_SECRET_ARN: ARN('token'),
      CEREBRO_ADMIN_KEY_SECRET_ARN: ` ${ARN('bytes')} `,
    });
    expect(env).toMatchObject({ REPLICATE_API_TOKEN: VALUE, CEREBRO_ADMIN_KEY: VALUE });
    expect(external.toSorted()).toEqual(['CEREBRO_ADMIN_KEY', 'REPLICATE_API_TOKEN']);
    expect(aws.requests.at(-1)?.authorization).toContain('/eu-west-1/secretsmanager/aws4_request');
  });

  it('is asked for once, however many variables have a key of it', async () => {
    const before = aws.requests.length;
    const { env } = await resolve({
      DATABASE_URL_SECRET_ARN: `${ARN('all')}#url`,
      CEREBRO_KEY_PEPPER_SECRET_ARN: `${ARN('all')}:pepper::`,
      CEREBRO_KEY_PEPPER_PREVIOUS_SECRET_ARN: `${ARN('all')}:pepper:AWSPREVIOUS:`,
    });
    expect(env.DATABASE_URL).toBe(`postgresql://a:${VALUE}@b/c`);
    expect(env.CEREBRO_KEY_PEPPER).toBe(`${VALUE}-pepper`);
    const stages = aws.requests.slice(before).map(({ versionStage }) => versionStage);
    expect(stages.toSorted()).toEqual(['AWSPREVIOUS', undefined]);
  });

  it('may be what AWS keeps of a database', async () => {
    const { env } = await resolve({ DATABASE_URL_SECRET_ARN: ARN('database') });
    expect(env.DATABASE_URL).toBe(`postgresql://u:${VALUE}@db/d`);
  });

  it.each([
    ['none', 'names a secret that does not exist (ResourceNotFoundException)'],
    ['empty', 'names an empty secret'],
    ['all#none', 'names a key that the secret does not have'],
    ['all#toString', 'names a key that the secret does not have'],
    ['all#n', 'names a key that holds no text'],
    ['text#key', 'names a key of a secret that is no JSON object'],
    ['all', 'names JSON, and no key of it'],
  ])('that cannot be had is told of by the name of its variable: %s', async (what, words) => {
    const [name = '', key] = what.split('#');
    const reference = key === undefined ? ARN(name) : `${ARN(name)}#${key}`;
    expect(await problemOf({ CEREBRO_KEY_PEPPER_SECRET_ARN: reference })).toBe(
      `CEREBRO_KEY_PEPPER_SECRET_ARN ${words}.`,
    );
  });

  it.each([
    ['AccessDeniedException', 'names a secret that this process may not read'],
    ['DecryptionFailure', 'names a secret that this process may not read'],
    ['InvalidRequestException', 'names a secret that has no value now'],
    ['ExpiredTokenException', 'cannot be read: AWS refuses the credentials'],
    ['UnrecognizedClientException', 'cannot be read: AWS refuses the credentials'],
    ['SomethingNewException', 'cannot be read: AWS Secrets Manager failed'],
  ])('is told of with the kind of the failure: %s', async (error, words) => {
    aws.refuse(ARN('token'), error);
    const problem = await problemOf({ REPLICATE_API_TOKEN_SECRET_ARN: ARN('token') });
    aws.refuse(ARN('token'), undefined);
    expect(problem).toBe(`REPLICATE_API_TOKEN_SECRET_ARN ${words} (${error}).`);
  });

  it('that is no ARN is told of with the form of one', async () => {
    expect(await problemOf({ DATABASE_URL_SECRET_ARN: VALUE })).toMatch(
      /^DATABASE_URL_SECRET_ARN must be the ARN of a secret, such as arn:/,
    );
  });

  it('is told of together with all others', async () => {
    const problem = await problemOf({
      REPLICATE_API_TOKEN_SECRET_ARN: ARN('none'),
      DATABASE_URL_FILE: join(folder, 'none'),
      CEREBRO_ADMIN_KEY_SECRET_ARN: ARN('token'),
    });
    expect(problem).toMatch(
      /^REPLICATE_API_TOKEN_SECRET_ARN [^;]*; DATABASE_URL_FILE [^;]*\.$|^DATABASE_URL_FILE/,
    );
    expect(problem).toContain('REPLICATE_API_TOKEN_SECRET_ARN names');
  });

  it('cannot be read where nobody listens, or without credentials', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', 'http://127.0.0.1:9');
    const env = { REPLICATE_API_TOKEN_SECRET_ARN: ARN('token') };
    expect(await problemOf(env)).toMatch(/cannot be reached \(ECONNREFUSED\)/);
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', '');
    expect(await problemOf(env)).toMatch(
      /without AWS credentials: none were found \(CredentialsProviderError\)/,
    );
  });

  it('is not waited for without end', async () => {
    aws.fallSilent(true);
    const problem = await problemOf({ REPLICATE_API_TOKEN_SECRET_ARN: ARN('token') });
    aws.fallSilent(false);
    expect(problem).toMatch(/cannot be reached \((ETIMEDOUT|Timeout\w*|Abort\w*)\)/);
  });
});

describe('settings', () => {
  it('are checked after their secrets were read, which can be done again', async () => {
    const path = file('first-token');
    const env = { REPLICATE_API_TOKEN_FILE: path };
    const settings = await readSettings(env, 'gateway');
    expect(settings).toMatchObject({ replicateToken: 'first-token' });
    expect(settings.externalSecrets?.names).toEqual(['REPLICATE_API_TOKEN']);
    writeFileSync(path, 'second-token');
    expect(await settings.externalSecrets?.reload()).toMatchObject({
      settings: { replicateToken: 'second-token' },
      problems: [],
    });
    const wrong = readSettings({ DATABASE_URL_FILE: file(VALUE, 'wrong') }, 'gateway');
    await expect(wrong).rejects.toThrow(/^(?!.*canary).*DATABASE_URL must be an address/);
  });

  it('of a gateway without secrets elsewhere know of none', async () => {
    expect(await readSettings({ REPLICATE_API_TOKEN: VALUE }, 'gateway')).not.toHaveProperty(
      'externalSecrets',
    );
  });

  it('tell how often secrets are read again, and the pepper before', () => {
    expect(parseSettings({ CEREBRO_SECRETS_REFRESH: '0' }).secretsRefreshMs).toBe(0);
    expect(parseSettings({ CEREBRO_SECRETS_REFRESH: '1h' }).secretsRefreshMs).toBe(3_600_000);
    const CEREBRO_KEY_PEPPER_PREVIOUS = 'previous, with a comma';
    expect(parseSettings({ CEREBRO_KEY_PEPPER_PREVIOUS }).keyPepperPrevious).toBe(
      CEREBRO_KEY_PEPPER_PREVIOUS,
    );
  });

  it('of a command do without secrets that it has no use for', async () => {
    const settings = await readSettings(
      { REPLICATE_API_TOKEN_FILE: '/nowhere', CEREBRO_ADMIN_KEY_FILE: '/nowhere' },
      'command',
    );
    expect(settings).not.toHaveProperty('replicateToken');
  });
});
