// The templates for AWS: of the schemas' form, of one piece, and with no more rights than they need. AWS is not asked.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isSetting } from '../../src/config/setting-catalogue.js';
import { parseSettings } from '../../src/config/settings.js';
import { anchorsOf, isRecord, readTemplate, resolve, resourcesOf } from '../support/cloudformation.js';
import { circles, loose } from '../support/cloudformation-references.js';
import { complaints } from '../support/cloudformation-schemas.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const LAMBDA = 'template.yaml';
const FARGATE = 'deploy/aws/fargate.yaml';
const TEMPLATES = [LAMBDA, FARGATE, 'deploy/aws/lambda-alarms.yaml', 'deploy/aws/fargate-alarms.yaml'];

describe.each(TEMPLATES)('%s', (path) => {
  it('has only resources and properties that the schemas know', async () => {
    expect(await complaints(readTemplate(path))).toEqual([]);
  });

  it('refers only to what is there, and has nothing that nobody uses', async () => {
    expect(await loose(readTemplate(path))).toEqual([]);
  });

  it('has no resource that needs itself', () => {
    expect(circles(readTemplate(path))).toEqual([]);
  });

  it('has no anchors or aliases, which CloudFormation refuses', () => {
    expect(anchorsOf(readFileSync(root + path, 'utf8'))).toEqual([]);
  });

  it('holds no secret: only names of some', () => {
    expect(readFileSync(root + path, 'utf8')).not.toMatch(/r8_\w|postgres(ql)?:\/\/|resolve:secretsmanager/);
  });
});

// PyPI's own checker carries SAM's translation out too. It is no package of npm or Debian, so CI cannot install it.
const hasLinter = spawnSync('cfn-lint', ['--version']).status === 0;
describe.skipIf(!hasLinter)(`cfn-lint${hasLinter ? '' : ' (not installed: pip install cfn-lint)'}`, () => {
  it('has nothing to say', () => {
    expect(execFileSync('cfn-lint', TEMPLATES, { cwd: root, encoding: 'utf8' })).toBe('');
  }, 120_000);
});

const ARN = (name: string) => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}-AbCdEf`;

/** What the templates make themselves. */
const MADE = {
  KeyPepperSecret: ARN('made-pepper'),
  AdminKeySecret: ARN('made-admin'),
  MetricsTokenSecret: ARN('made-metrics'),
};

/** Environment of a resource's process. */
function environment(
  path: string,
  id: string,
  parameters: Record<string, string> = {},
): Record<string, string> {
  const template = readTemplate(path);
  const properties = resourcesOf(template)[id]?.Properties ?? {};
  const { ContainerDefinitions: [{ Environment: list = [] } = {}] = [] } = properties as {
    ContainerDefinitions?: { Environment?: unknown[] }[];
  };
  const given = (properties.Environment as { Variables?: unknown } | undefined)?.Variables ?? list;
  const resolved = resolve(template, given, {
    parameters: {
      ReplicateApiToken: ARN('token'),
      DatabaseUrl: ARN('database'),
      PublicUrl: 'https://cerebro.example.com',
      ...(path === FARGATE && { KeyPepper: ARN('pepper'), AdminKey: ARN('admin'), VpcCidr: '10.0.0.0/16' }),
      ...parameters,
    },
    values: MADE,
  });
  const pairs = Array.isArray(resolved)
    ? resolved.map(({ Name, Value }: { Name: string; Value: unknown }) => [Name, Value] as const)
    : Object.entries(resolved as object);
  return Object.fromEntries(pairs.map(([name, value]) => [name, String(value)]));
}

/** The settings that such an environment means; secrets as if read. */
function settings(env: Record<string, string>) {
  const secrets = { CEREBRO_KEY_PEPPER: 'pepper-0123456789', CEREBRO_ADMIN_KEY: 'admin-0123456789' };
  return parseSettings({
    ...env,
    ...secrets,
    REPLICATE_API_TOKEN: 'r8',
    DATABASE_URL: 'postgresql://cerebro@localhost/cerebro',
  });
}

describe.each([
  [LAMBDA, 'GatewayFunction'],
  [LAMBDA, 'CaretakerFunction'],
  [FARGATE, 'TaskDefinition'],
])('the environment in %s of %s', (path, id) => {
  it('has only variables that mean something, and good values', () => {
    const env = environment(path, id, { EncryptionKeys: ARN('keys'), Models: 'acme/*' });
    const ours = Object.keys(env).filter((name) => /^(CEREBRO|REPLICATE|DATABASE)_/.test(name));
    expect(ours.filter((name) => !isSetting(name))).toEqual([]);
    expect(ours).toContain('CEREBRO_ENCRYPTION_KEYS_SECRET_ARN');
    expect(settings(env)).toMatchObject({ production: true, publicUrl: 'https://cerebro.example.com' });
  });

  it('encrypts towards PostgreSQL, in a way that can be chosen and that the settings know', () => {
    expect(environment(path, id).PGSSLMODE).toBe('no-verify');
    expect(environment(path, id, { PgSslMode: 'verify-full' }).PGSSLMODE).toBe('verify-full');
    const allowed = readTemplate(path).Parameters?.PgSslMode?.AllowedValues ?? [];
    expect(allowed).toContain('verify-full');
    for (const mode of allowed)
      expect(() => settings(environment(path, id, { PgSslMode: String(mode) })), String(mode)).not.toThrow();
  });

  it('asks for a token at /metrics', () => {
    expect(environment(path, id).CEREBRO_METRICS_TOKEN_SECRET_ARN).toBe(ARN('made-metrics'));
  });

  it('starts no more predictions in a minute, all together, than Replicate allows', () => {
    const { Parameters = {} } = readTemplate(path);
    const most = Number((Parameters.MaxTasks ?? Parameters.ReservedConcurrency)?.Default);
    expect(settings(environment(path, id)).createsPerMinute * most).toBeLessThanOrEqual(600);
  });

  it('has secrets by reference only', () => {
    const env = environment(path, id);
    const secrets = ['REPLICATE_API_TOKEN', 'DATABASE_URL', 'CEREBRO_KEY_PEPPER', 'CEREBRO_ADMIN_KEY'];
    for (const name of secrets) {
      expect(env).not.toHaveProperty(name);
      expect(env[`${name}_SECRET_ARN`]).toMatch(/^arn:aws:secretsmanager:/);
    }
  });
});

/** How long predictions may take that one answer, a structured one, waits for. */
function longestAnswerMs(...given: Parameters<typeof environment>): number {
  const { predictionTimeoutMs, structuredRetries } = settings(environment(...given));
  return predictionTimeoutMs * (1 + structuredRetries);
}

describe('Lambda', () => {
  const template = readTemplate(LAMBDA);
  const gateway = resourcesOf(template).GatewayFunction?.Properties;

  it('runs the image for 15 minutes at the most, and ends predictions before', () => {
    expect(gateway).toMatchObject({ PackageType: 'Image', Timeout: 900 });
    expect(template.Resources.GatewayFunction?.Metadata).toMatchObject({ DockerBuildTarget: 'lambda' });
    expect(longestAnswerMs(LAMBDA, 'GatewayFunction')).toBeLessThan(900_000);
  });

  it('streams through the function URL, and not through API Gateway, which ends within its 30 s', () => {
    expect(environment(LAMBDA, 'GatewayFunction').AWS_LWA_INVOKE_MODE).toBe('response_stream');
    expect(template.Resources.FunctionUrl?.Properties).toMatchObject({ InvokeMode: 'RESPONSE_STREAM' });
    const behindApi = environment(LAMBDA, 'GatewayFunction', { FrontDoor: 'http-api' });
    expect(behindApi.AWS_LWA_INVOKE_MODE).toBe('buffered');
    expect(longestAnswerMs(LAMBDA, 'GatewayFunction', { FrontDoor: 'http-api' })).toBeLessThan(29_000);
    expect(template.Parameters?.FrontDoor?.Default).toBe('function-url');
  });

  it('takes an ARN for the token, and never the token', () => {
    const pattern = new RegExp(template.Parameters?.ReplicateApiToken?.AllowedPattern ?? '^$');
    expect(pattern.test(ARN('token'))).toBe(true);
    expect(pattern.test(`${ARN('token')}#key`)).toBe(true);
    expect(pattern.test('r8_0123456789abcdef')).toBe(false);
  });
});

describe('Fargate', () => {
  const template = readTemplate(FARGATE);
  const container = (template.Resources.TaskDefinition?.Properties?.ContainerDefinitions as object[])[0];

  it('runs as nobody in particular, on a file system that it cannot write to', () => {
    expect(container).toMatchObject({ User: '1000:1000', ReadonlyRootFilesystem: true });
  });

  it('gives a task the time that its stop takes, which is within what Fargate allows', () => {
    const { shutdownDelayMs, drainTimeoutMs } = settings(environment(FARGATE, 'TaskDefinition'));
    const { StopTimeout } = container as { StopTimeout: number };
    expect(StopTimeout).toBeLessThanOrEqual(120);
    expect(StopTimeout * 1000).toBeGreaterThanOrEqual(shutdownDelayMs + drainTimeoutMs + 10_000);
  });

  it('keeps tasks while the database is away, and opens no port before it is there', () => {
    expect(template.Resources.TargetGroup?.Properties).toMatchObject({ HealthCheckPath: '/healthz' });
    expect(settings(environment(FARGATE, 'TaskDefinition')).databaseWaitMs).toBe(0);
  });

  it('says nothing of /metrics to the internet', () => {
    expect(template.Resources.MetricsRule?.Properties).toMatchObject({
      ListenerArn: { Ref: 'HttpsListener' },
      Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/metrics', '/metrics/*'] } }],
      Actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }],
    });
  });

  it('lets the load balancer wait longer than any answer may take', () => {
    const attributes = (id: string, name: string) =>
      Object.fromEntries(
        (template.Resources[id]?.Properties?.[name] as { Key: string; Value: string }[]).map(
          ({ Key, Value }) => [Key, Number(Value)],
        ),
      );
    const { keepAliveTimeoutMs } = settings(environment(FARGATE, 'TaskDefinition'));
    const idle = attributes('LoadBalancer', 'LoadBalancerAttributes')['idle_timeout.timeout_seconds'] ?? 0;
    const longest = longestAnswerMs(FARGATE, 'TaskDefinition');
    expect(idle * 1000).toBeGreaterThan(longest);
    expect(idle).toBeLessThanOrEqual(4000);
    // Else it sends requests into connections that are being closed.
    expect(keepAliveTimeoutMs).toBeGreaterThan(idle * 1000);
    const delay =
      attributes('TargetGroup', 'TargetGroupAttributes')['deregistration_delay.timeout_seconds'] ?? 0;
    expect(delay * 1000).toBeGreaterThan(longest);
  });
});

describe('rights', () => {
  /** What AWS can only grant for everything, and why there is no other way is said beside it. */
  const FOR_EVERYTHING = ['ecr:GetAuthorizationToken', 'ec2:CreateNetworkInterface'];

  /** All statements of all roles, of both ways of every choice. */
  const statements = (value: unknown): Record<string, unknown>[] => {
    if (Array.isArray(value)) return value.flatMap(statements);
    if (!isRecord(value)) return [];
    return [...('Effect' in value ? [value] : []), ...Object.values(value).flatMap(statements)];
  };
  const all = [LAMBDA, FARGATE].flatMap((path) => statements(readTemplate(path).Resources));
  const granted = all.filter(({ Principal }) => Principal === undefined);

  it('names every action, and for every action what it is for', () => {
    expect(granted.length).toBeGreaterThan(7);
    for (const { Action, Resource } of granted) {
      const actions = [Action].flat().map(String);
      expect(actions.join()).not.toContain('*');
      const onAll = [Resource].flat().some((it) => typeof it === 'string' && it.includes('*'));
      expect(onAll, actions.join()).toBe(actions.some((action) => FOR_EVERYTHING.includes(action)));
    }
  });

  it('has no managed policy, which would grant more', () => {
    const roles = [LAMBDA, FARGATE].flatMap((path) => Object.values(resourcesOf(readTemplate(path))));
    for (const { Properties } of roles) {
      expect(Properties).not.toHaveProperty('ManagedPolicyArns');
      if (Properties?.PackageType) expect(Properties).toHaveProperty('Role');
    }
  });

  it('lets secrets be read that are given, and no others', () => {
    const template = readTemplate(LAMBDA);
    const [reading] = statements(template.Resources.FunctionRole).filter(
      ({ Action }) => Action === 'secretsmanager:GetSecretValue',
    );
    const parameters = { ReplicateApiToken: `${ARN('token')}#key`, DatabaseUrl: ARN('database') };
    expect(resolve(template, reading?.Resource, { parameters, values: MADE })).toEqual(
      ['token', 'database', 'made-pepper', 'made-admin', 'made-metrics'].map(ARN),
    );
  });
});
