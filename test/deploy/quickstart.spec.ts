// quickstart.sh, on a machine whose tools are stand-ins: what it misses, what it would do, in which order, and that no
// secret is in any argument.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeTools, type FakeTools } from '../support/fake-tools.js';

const SCRIPT = 'quickstart.sh';
const TOKEN = 'r8_canary4711"\\ with all sorts';
const DATABASE = 'postgresql://cerebro:canary4712@db.example.com/cerebro';
const secrets = { REPLICATE_API_TOKEN: TOKEN, DATABASE_URL: DATABASE };
const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:cerebro/EncryptionKeys-AbCdEf';

/** All that a first deploy on Fargate needs. */
const FARGATE = [
  ...['--fargate', '--public-url', 'https://cerebro.example.com', '--param', 'VpcId=vpc-1'],
  ...['--param', 'VpcCidr=10.0.0.0/16', '--param', 'PublicSubnets=a,b', '--param', 'PrivateSubnets=c,d'],
  ...['--param', 'CertificateArn=arn:aws:acm:eu-central-1:123456789012:certificate/1'],
];

/** An account where nothing is there yet, and a stack that is there once it was deployed. */
const AWS = `
case "$1 $2" in
  'configure get') echo eu-central-1 ;;
  'sts get-caller-identity') echo 123456789012 ;;
  'secretsmanager describe-secret') exit 254 ;;
  'secretsmanager create-secret') echo arn:aws:secretsmanager:eu-central-1:123456789012:secret:made-AbCdEf ;;
  'lambda get-account-settings') echo 1000 ;;
  'ecr describe-repositories') exit 254 ;;
  'ecr get-login-password') echo canary4713 ;;
  'cloudformation describe-stacks')
    [ -e deployed ] || exit 254
    case "$*" in
      *"'Address'"*) echo https://abc.lambda-url.eu-central-1.on.aws/ ;;
      *"'LoadBalancerName'"*) echo cerebro-1.elb.amazonaws.com ;;
      *) echo ${ARN} ;;
    esac ;;
  'cloudformation deploy') touch deployed ;;
esac`;

let tools: FakeTools;
beforeEach(() => {
  tools = fakeTools();
});
afterEach(() => tools.remove());

function everything(): void {
  tools.add('aws', AWS);
  tools.add('sam', '[ "$1" != deploy ] || touch deployed');
  tools.add('docker', '[ "$1" != login ] || cat >password');
  tools.add('curl');
  tools.add('openssl', 'echo canary4714');
  tools.add('npm');
  tools.add('node', 'echo v26.10.0');
}

const run = (args: readonly string[] = [], env: Record<string, string> = {}) => tools.run(SCRIPT, args, env);
/** Calls that change something. */
const changes = () =>
  tools
    .calls()
    .filter((call) =>
      /^(npm|sam|docker (?!info)|aws \S+ (create|put|deploy|get-login))|^aws cloudformation deploy/.test(
        call,
      ),
    );

describe('what is missing', () => {
  it('is told all at once, each with what it is for and where to get it', async () => {
    const { code, stderr } = await run();
    expect(code).toBe(1);
    for (const [tool, source] of [
      ['aws', 'awscli'],
      ['docker', 'docker.io'],
      ['sam', 'aws-sam-cli'],
      ['curl', 'curl.se'],
      ['openssl', 'openssl'],
    ])
      expect(stderr).toMatch(new RegExp(`- ${tool}, .+${source}`));
  });

  it('may be an engine that does not run, a region or credentials', async () => {
    everything();
    tools.add('docker', 'exit 1');
    tools.add('aws', 'exit 255');
    const { code, stderr } = await run();
    expect([code, tools.calls().filter((call) => call.startsWith('sam'))]).toEqual([1, []]);
    expect(stderr).toMatch(/running Docker engine/);
    expect(stderr).toMatch(/region: --region/);
    expect(stderr).toMatch(/credentials that are good/);
  });

  it('may be a Node that is too old to run npm', async () => {
    everything();
    tools.add('node', 'echo v18.20.0');
    const { code, stderr } = await run(['--local']);
    expect(code).toBe(1);
    expect(stderr).toContain('here is v18.20.0');
  });

  it('does not include sam where that is not used', async () => {
    const { stderr } = await run(['--fargate', '--public-url', 'https://cerebro.example.com']);
    expect(stderr).not.toContain('- sam');
    expect(stderr).toContain('- docker');
  });
});

describe('on Lambda', () => {
  it('keeps the secrets, builds, deploys, deploys again with the address, and waits', async () => {
    everything();
    const { code, stdout, stderr } = await run([], secrets);
    expect(code, stderr).toBe(0);
    const order = [
      'create-secret',
      'create-secret',
      'create-secret',
      'sam build',
      'sam deploy',
      'sam deploy',
    ];
    expect(changes().map((call) => order.find((word) => call.includes(word)))).toEqual(order);
    const [first, second] = changes().slice(-2);
    expect(first).not.toContain('PublicUrl');
    expect(second).toMatch(/PublicUrl=https:\/\/abc\.lambda-url\.eu-central-1\.on\.aws$/);
    expect(first).toMatch(/ReplicateApiToken=arn:\S+ DatabaseUrl=arn:\S+|DatabaseUrl=arn/);
    expect(tools.calls().at(-1)).toMatch(/^curl .*https:\/\/abc\.lambda-url\.eu-central-1\.on\.aws\/readyz$/);
    expect(stdout).toContain('https://abc.lambda-url.eu-central-1.on.aws/docs');
    expect(stdout).toContain(`--secret-id ${ARN}`);
    expect(stdout).toMatch(/curl https:\S+\/v1\/completions/);
  });

  it('has no secret in any argument, environment or output, and hands them over unchanged', async () => {
    everything();
    const { stdout, stderr } = await run([], secrets);
    const seen = [...tools.calls(), tools.environments(), stdout, stderr].join('\n');
    expect(seen).not.toContain('canary');
    const names = changes().flatMap((call) => / --name (\S+)/.exec(call)?.[1] ?? []);
    expect(names).toEqual(['cerebro/ReplicateApiToken', 'cerebro/DatabaseUrl', 'cerebro/EncryptionKeys']);
    expect(tools.given()).toEqual([TOKEN, DATABASE, '1:canary4714']);
  });

  it('stops where a secret cannot be kept', async () => {
    everything();
    tools.add('aws', AWS.replace("create-secret') echo", "create-secret') exit 254; echo"));
    const { code } = await run([], secrets);
    expect([code, changes().filter((call) => call.startsWith('sam'))]).toEqual([254, []]);
  });

  it('takes secrets that are there, and deploys once where the address is known', async () => {
    everything();
    const arn = (name: string) => ARN.replace('EncryptionKeys', name);
    const { code, stderr } = await run([
      ...['--database-url-secret-arn', arn('db'), '--replicate-token-secret-arn', arn('token')],
      ...['--public-url', 'https://cerebro.example.com/', '--stack-name', 'vision', '--region', 'us-east-1'],
      ...['--front-door', 'http-api', '--concurrency', '0', '--param', 'MemorySize=2048'],
    ]);
    expect(code, stderr).toBe(0);
    const deploys = changes().filter((call) => call.startsWith('sam deploy'));
    expect(deploys).toHaveLength(1);
    for (const word of [
      '--stack-name vision --region us-east-1',
      'FrontDoor=http-api ReservedConcurrency=0 MemorySize=2048',
      `ReplicateApiToken=${arn('token')} DatabaseUrl=${arn('db')}`,
      'PublicUrl=https://cerebro.example.com',
    ])
      expect(deploys[0]).toContain(word);
  });

  it.each([
    ['10', [], true],
    ['120', [], false],
    ['10', ['--concurrency', '5'], false],
  ])('of whose instances %s are free, with %j, reserves none: %j', async (free, args, none) => {
    everything();
    tools.add('aws', AWS.replace('echo 1000', `echo ${free}`));
    const { code, stderr } = await run(args, secrets);
    expect(code, stderr).toBe(0);
    expect(changes().some((call) => call.includes('ReservedConcurrency=0'))).toBe(none);
    expect(stderr.includes('--concurrency 0')).toBe(none);
  });

  it('gives a secret that is there another value', async () => {
    everything();
    tools.add('aws', AWS.replace("describe-secret') exit 254", `describe-secret') echo ${ARN}`));
    await run([], secrets);
    expect(changes().filter((call) => call.includes('put-secret-value'))).toHaveLength(2);
    expect(changes().join()).not.toContain('create-secret');
  });

  it('says which secret it lacks where there is nobody to ask', async () => {
    everything();
    const { code, stderr } = await run(['--yes']);
    expect(code).toBe(2);
    expect(stderr).toContain('the Replicate token is missing: set REPLICATE_API_TOKEN');
    expect(changes()).toEqual([]);
  });

  it('fails where the gateway is not ready in time', async () => {
    everything();
    tools.add('curl', 'exit 22');
    const { code, stderr } = await run([], { ...secrets, QUICKSTART_PATIENCE: '0' });
    expect(code).toBe(2);
    expect(stderr).toContain('/readyz is not ready');
  });
});

it("on Fargate builds, pushes and deploys the image, with the registry's password through a pipe", async () => {
  everything();
  const { code, stderr } = await run(FARGATE, secrets);
  expect(code, stderr).toBe(0);
  const words = [
    'create-repository',
    'docker build',
    'get-login-password',
    'docker login',
    'docker push',
    'deploy',
  ];
  const done = changes().filter((call) => !call.includes('create-secret'));
  expect(done.map((call) => words.find((word) => call.includes(word))).toSorted()).toEqual(words.toSorted());
  expect(done.at(-1)).toMatch(/AdminKey=arn:\S+ KeyPepper=arn:\S+ VpcId=vpc-1 .+ ReplicateApiToken=arn/);
  expect([...tools.calls(), tools.environments(), stderr].join('\n')).not.toContain('canary');
  expect(stderr).toContain('cerebro-1.elb.amazonaws.com');
});

describe('on Fargate', () => {
  it('names all parameters that a new stack lacks, before anything is made', async () => {
    everything();
    const { code, stderr } = await run(FARGATE.slice(0, 5), secrets);
    expect([code, changes()]).toEqual([2, []]);
    for (const name of ['VpcCidr', 'PublicSubnets', 'PrivateSubnets', 'CertificateArn'])
      expect(stderr).toContain(`--param ${name}=`);
    expect(stderr).not.toContain('VpcId');
  });

  it('asks for none of them again where the stack is there', async () => {
    everything();
    tools.add('aws', AWS.replace('[ -e deployed ] || exit 254', ''));
    const { code, stderr } = await run(FARGATE.slice(0, 3), secrets);
    expect(code, stderr).toBe(0);
  });
});

describe('--dry-run', () => {
  it.each([[[]], [FARGATE]])('%j on a machine that lacks all tools lists them, and goes on', async (args) => {
    const { code, stderr } = await run(['--dry-run', ...args]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/- aws, /);
    expect(stderr).toMatch(/\+ (sam|aws cloudformation) deploy/);
    expect(stderr).toContain('Nothing was changed.');
    expect(stderr).not.toContain('command not found');
  });

  it.each([[[]], [FARGATE]])('%j changes nothing', async (args) => {
    everything();
    const { code, stderr } = await run(['--dry-run', ...args]);
    expect([code, changes()], stderr).toEqual([0, []]);
    expect(stderr).toMatch(/\+ (sam build|docker build)/);
    expect(stderr).toContain('Nothing was changed.');
  });

  it('--local tells the two commands of the README', async () => {
    everything();
    const { code, stderr } = await run(['--local', '--dry-run']);
    expect([code, stderr, changes()]).toEqual([0, '+ npm ci\n+ npm start\n', []]);
  });
});

it('--local runs the two commands of the README', async () => {
  everything();
  expect((await run(['--local'])).code).toBe(0);
  expect(changes()).toEqual(['npm ci', 'npm start']);
});
