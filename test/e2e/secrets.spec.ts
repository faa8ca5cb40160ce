// Secrets of a production gateway from AWS Secrets Manager and from files: at the start, and as they are rotated.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountOf } from '../../src/sandbox/account.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { ADMIN_KEY, eventually, makeTenant, question, startTestSandbox } from '../support/gateway.js';
import { type OwnServer, startOwnServer } from '../support/own-server.js';
import { execute } from '../support/postgres.js';
import { beginGateway, type BegunGateway, runToEnd, temporaryFolder } from '../support/process.js';
import { awsVariables, type SecretsManagerStandIn, startSecretsManager } from '../support/secrets-manager.js';

const ARN = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:cerebro/${name}-AbCdEf`;

/** All that stands in for a secret has this in it, and nothing else has. */
const CANARY = 'canary4711';
const TOKEN = (n: number) => `r8_${CANARY}${n}`;

const folder = temporaryFolder();
let server: OwnServer;
let sandbox: Sandbox;
let aws: SecretsManagerStandIn;
beforeAll(async () => {
  server = await startOwnServer();
  sandbox = await startTestSandbox();
});
afterAll(async () => {
  await sandbox.close();
  await server.stop();
  folder.remove();
});

/** What the secret of several keys holds. */
const all = () => ({
  url: server.url(),
  admin: ADMIN_KEY,
  pepper: `${CANARY}-pepper-0123456789`,
  keys: `1:${Buffer.alloc(32, 7).toString('base64')}`,
});

beforeEach(async () => {
  await server.setPassword(CANARY);
  aws = await startSecretsManager({
    [ARN('token')]: TOKEN(1),
    [ARN('all')]: JSON.stringify(all()),
  });
});

const running = new Set<BegunGateway>();
afterEach(async () => {
  for (const gateway of running) {
    const { code, stdout, stderr } = await gateway.end('SIGTERM');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain(CANARY);
    expect(stdout).not.toContain(ADMIN_KEY);
  }
  running.clear();
  await aws.close();
});

const everywhere = () => ({
  NODE_ENV: 'production',
  HOST: '127.0.0.1',
  REPLICATE_BASE_URL: sandbox.baseUrl,
  CEREBRO_SHUTDOWN_DELAY: '0',
  LOG_LEVEL: 'trace',
  ...awsVariables(aws.url),
});

const byArn = () => ({
  ...everywhere(),
  REPLICATE_API_TOKEN_SECRET_ARN: ARN('token'),
  DATABASE_URL_SECRET_ARN: `${ARN('all')}#url`,
  CEREBRO_ADMIN_KEY_SECRET_ARN: `${ARN('all')}#admin`,
  CEREBRO_KEY_PEPPER_SECRET_ARN: `${ARN('all')}:pepper::`,
  CEREBRO_ENCRYPTION_KEYS_SECRET_ARN: `${ARN('all')}#keys`,
});

/** A gateway that is ready, and a key of a tenant of its. */
async function start(env: Record<string, string>) {
  const gateway = beginGateway(env);
  running.add(gateway);
  const address = () => /"msg":"listening","address":"([^"]+)"/.exec(gateway.output())?.[1] ?? '';
  await Promise.race([
    eventually('listening', () => address() !== '', 60_000),
    gateway.ended.then((end) => {
      running.delete(gateway);
      throw new Error(JSON.stringify(end));
    }),
  ]);
  const url = address();
  await eventually('ready', async () => (await fetch(`${url}/readyz`)).status === 200);
  const { key } = await makeTenant(url);
  const complete = () =>
    fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(question()),
    });
  return { gateway, url, complete };
}

/** Waits until a gateway has logged something. */
const told = (gateway: BegunGateway, words: string) =>
  eventually(`it says: ${words}`, () => gateway.output().includes(words));

/** Whom the last prediction was billed to. */
const billed = () => sandbox.bill.entries.at(-1)?.account;

describe('a gateway whose secrets are in AWS Secrets Manager', { timeout: 120_000 }, () => {
  it('is ready with them, and uses a new Replicate token without a restart', async () => {
    const { gateway, complete } = await start({ ...byArn(), CEREBRO_SECRETS_REFRESH: '200ms' });
    for (const { authorization } of aws.requests)
      expect(authorization).toMatch(
        /^AWS4-HMAC-SHA256 Credential=.*\/eu-west-1\/secretsmanager\/aws4_request/,
      );
    expect(gateway.output()).toContain('/metrics answers whoever reaches this port');
    expect((await complete()).status).toBe(200);
    expect(billed()).toBe(accountOf(TOKEN(1)));
    aws.set(ARN('token'), TOKEN(2));
    await eventually('the new token is used', async () => {
      expect((await complete()).status).toBe(200);
      return billed() === accountOf(TOKEN(2));
    });
  });

  it('asks for a new token as soon as Replicate refuses the old one, and its caller notices nothing', async () => {
    const { gateway, complete } = await start(byArn());
    aws.set(ARN('token'), TOKEN(2));
    expect((await complete()).status).toBe(200);
    expect(billed()).toBe(accountOf(TOKEN(1)));
    await eventually('a refused token is heeded again', async () => {
      sandbox.script({ status: 401 });
      const { status } = await complete();
      return status === 200;
    });
    expect(billed()).toBe(accountOf(TOKEN(2)));
    await told(gateway, 'REPLICATE_API_TOKEN was changed; it is used from now on');
  });

  it('asks for a new password as soon as PostgreSQL refuses the old one', async () => {
    const { complete, gateway } = await start(byArn());
    const second = `${CANARY}-second`;
    await server.setPassword(second);
    aws.set(ARN('all'), JSON.stringify({ ...all(), pepper: 'another-0123456789' }));
    // Those that are open go on: it is as if the network had taken them.
    await execute(
      server.url(),
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'cerebro%' AND pid <> pg_backend_pid()",
    );
    await eventually('callers are served under the new password', async () => {
      const { status } = await complete();
      // Never an answer that would tell the caller to give up.
      expect([200, 503]).toContain(status);
      return status === 200;
    });
    await told(gateway, 'DATABASE_URL was changed; it is used from now on');
    await told(gateway, 'CEREBRO_KEY_PEPPER was changed; restart to use it');
    expect(gateway.output()).toMatch(/"level":"warn".*CEREBRO_KEY_PEPPER was changed/);
  });

  it('works on with what it has of a secret that cannot be read, and takes the others', async () => {
    const { gateway, url, complete } = await start({ ...byArn(), CEREBRO_SECRETS_REFRESH: '200ms' });
    aws.refuse(ARN('token'), 'AccessDeniedException');
    await told(gateway, 'AccessDeniedException');
    expect((await complete()).status).toBe(200);
    aws.set(ARN('all'), JSON.stringify({ ...all(), admin: `${ADMIN_KEY}-second`, pepper: 'short' }));
    await told(gateway, 'CEREBRO_ADMIN_KEY was changed; it is used from now on');
    await told(gateway, 'stays as it was: CEREBRO_KEY_PEPPER must have at least 16 characters');
    const headers = { authorization: `Bearer ${ADMIN_KEY}-second` };
    expect((await fetch(`${url}/admin/tenants`, { headers })).status).toBe(200);
    const lines = gateway
      .output()
      .split('\n')
      .filter((line) => line.includes('AccessDeniedException'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(
      'REPLICATE_API_TOKEN_SECRET_ARN names a secret that this process may not read',
    );
  });
});

describe('a gateway whose secrets are in files', { timeout: 120_000 }, () => {
  const mounted = () => {
    const path = join(folder.path, `mounted-${Date.now()}`);
    mkdirSync(path);
    const write = (name: string, value: string) => {
      writeFileSync(join(path, name), `${value}\n`);
      return join(path, name);
    };
    return {
      write,
      env: {
        ...everywhere(),
        REPLICATE_API_TOKEN_FILE: write('token', TOKEN(1)),
        DATABASE_URL_FILE: write('url', server.url()),
        CEREBRO_ADMIN_KEY_FILE: write('admin', ADMIN_KEY),
        CEREBRO_KEY_PEPPER_FILE: write('pepper', `${CANARY}-pepper-0123456789`),
        CEREBRO_METRICS_TOKEN_FILE: write('metrics', `${CANARY}-metrics-1`),
      },
    };
  };

  it('keeps its Replicate token where the new one is none', async () => {
    const { env, write } = mounted();
    const { gateway, complete } = await start({ ...env, CEREBRO_SECRETS_REFRESH: '200ms' });
    write('token', `${TOKEN(1)}\n${TOKEN(2)}`);
    await told(gateway, 'stays as it was: REPLICATE_API_TOKEN must be a token such as r8_');
    expect((await complete()).status).toBe(200);
    expect(billed()).toBe(accountOf(TOKEN(1)));
  });

  it('is ready with them, and uses new ones without a restart', async () => {
    const { env, write } = mounted();
    const { gateway, url, complete } = await start({ ...env, CEREBRO_SECRETS_REFRESH: '200ms' });
    expect(gateway.output()).not.toContain('/metrics answers');
    const statusOf = async (path: string, token: string) =>
      (await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })).status;
    expect((await complete()).status).toBe(200);
    expect(billed()).toBe(accountOf(TOKEN(1)));
    expect(await statusOf('/metrics', `${CANARY}-metrics-1`)).toBe(200);
    write('token', TOKEN(2));
    write('admin', `${ADMIN_KEY}-second`);
    write('metrics', `${CANARY}-metrics-2`);
    await eventually('all are used', async () => {
      expect((await complete()).status).toBe(200);
      return (
        billed() === accountOf(TOKEN(2)) &&
        (await statusOf('/admin/tenants', `${ADMIN_KEY}-second`)) === 200 &&
        (await statusOf('/metrics', `${CANARY}-metrics-2`)) === 200
      );
    });
    expect(await statusOf('/admin/tenants', ADMIN_KEY)).toBe(401);
    expect(await statusOf('/metrics', `${CANARY}-metrics-1`)).toBe(401);
  });

  it('serves commands, which read no more than they need', async () => {
    const { env } = mounted();
    await start(env);
    const { code, stdout, stderr } = await runToEnd(['cli', 'key', 'peppers'], {
      ...env,
      REPLICATE_API_TOKEN_FILE: '/nowhere',
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ previous: 0 });
  });
});

describe('a start without its secrets (E19)', { timeout: 120_000 }, () => {
  it.each([
    [
      'no such secret',
      { REPLICATE_API_TOKEN_SECRET_ARN: ARN('none') },
      'REPLICATE_API_TOKEN_SECRET_ARN names a secret that does not exist (ResourceNotFoundException)',
    ],
    [
      'no such key',
      { CEREBRO_ADMIN_KEY_SECRET_ARN: `${ARN('all')}#none` },
      'CEREBRO_ADMIN_KEY_SECRET_ARN names a key that the secret does not have',
    ],
    [
      'no key of a secret of several',
      { CEREBRO_KEY_PEPPER_SECRET_ARN: ARN('all') },
      'CEREBRO_KEY_PEPPER_SECRET_ARN names JSON, and no key of it',
    ],
    [
      'no AWS',
      { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:9' },
      'AWS Secrets Manager cannot be reached (ECONNREFUSED)',
    ],
    [
      'two places',
      { REPLICATE_API_TOKEN: TOKEN(1) },
      'REPLICATE_API_TOKEN and REPLICATE_API_TOKEN_SECRET_ARN must not be set together',
    ],
    [
      'no such file',
      { CEREBRO_METRICS_TOKEN_FILE: `/nowhere/at/all` },
      'CEREBRO_METRICS_TOKEN_FILE names a file that does not exist',
    ],
    [
      'a secret that is too short',
      { CEREBRO_ADMIN_KEY_SECRET_ARN: ARN('short') },
      'CEREBRO_ADMIN_KEY must have at least 16 characters',
    ],
  ])('says so in one line, without any value: %s', async (_, env, words) => {
    aws.set(ARN('short'), CANARY);
    const { code, stdout, stderr } = await runToEnd(['main'], { ...byArn(), ...env });
    expect(stderr.trim().split('\n'), stderr).toHaveLength(1);
    expect(stderr).toMatch(/^Cerebro cannot start: /);
    expect(stderr).toContain(words);
    expect(stderr + stdout).not.toContain(CANARY);
    expect(code).toBe(1);
  });
});
