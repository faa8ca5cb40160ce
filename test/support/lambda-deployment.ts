// Everything that template.yaml needs to be there, on this machine: PostgreSQL, Replicate, Secrets Manager.
import { webhookSignature } from '../../src/sandbox/webhooks/signature.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { ADMIN_KEY, startTestSandbox } from './gateway.js';
import { type FrontDoor, proxyEvent, type Requested } from './lambda-events.js';
import { type LambdaFunction, type LambdaFunctionOptions, startLambdaFunction } from './lambda-function.js';
import type { Invocation, LambdaRuntime, Prelude } from './lambda-runtime.js';
import { expectOneBill } from './ledger.js';
import { createTestDatabase } from './postgres.js';
import { awsVariables, startSecretsManager } from './secrets-manager.js';

/** The ARN of a secret. */
export const ARN = (name: string): string =>
  `arn:aws:secretsmanager:eu-central-1:123456789012:secret:cerebro/${name}-AbCdEf`;

/** The token, as Replicate and the secret have it. */
export const TOKEN = 'r8_of_this_test';

/** The bearer token of `/metrics`. */
export const METRICS_TOKEN = 'metrics-token-0123456789';

const WEBHOOK_SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

/** An answer, read. */
export interface LambdaAnswer extends Prelude {
  readonly body: Buffer;
  readonly text: string;
  readonly mode: 'streaming' | 'buffered';
  /** The body as JSON. */
  readonly json: () => never;
}

/** How a request comes, and to which instance. */
export interface Way {
  readonly door?: FrontDoor;
  readonly to: LambdaRuntime;
}

/** A stack. */
export interface LambdaDeployment {
  readonly databaseUrl: string;
  readonly sandbox: Sandbox;
  /** What the template is deployed with. */
  options(parameters?: Readonly<Record<string, string>>): LambdaFunctionOptions;
  /** Keeps another secret. */
  keep(name: string, value: string): void;
  /** Starts an instance of a function, which is ended with the deployment. */
  start(id?: string, parameters?: Readonly<Record<string, string>>): Promise<LambdaFunction>;
  /** Makes a key, of a tenant of its own. */
  makeKey(to: LambdaRuntime, changes?: object): Promise<string>;
  /** Every prediction has been billed once, and is settled. */
  expectOneBill(): Promise<void>;
  /** Ends all instances. */
  close(): Promise<void>;
}

/** Makes one. */
export async function startLambdaDeployment(): Promise<LambdaDeployment> {
  const database = await createTestDatabase();
  const sandbox = await startTestSandbox({ token: TOKEN, webhookSecret: WEBHOOK_SECRET });
  const aws = await startSecretsManager({
    [ARN('ReplicateApiToken')]: TOKEN,
    [ARN('DatabaseUrl')]: JSON.stringify({ url: database.url }),
    [ARN('KeyPepper')]: 'test-pepper-0123456789',
    [ARN('AdminKey')]: ADMIN_KEY,
    [ARN('MetricsToken')]: METRICS_TOKEN,
    [ARN('EncryptionKeys')]: `1:${Buffer.alloc(32, 7).toString('base64')}`,
  });
  const running = new Set<LambdaFunction>();
  const options = (parameters: Readonly<Record<string, string>> = {}): LambdaFunctionOptions => ({
    parameters: {
      ReplicateApiToken: ARN('ReplicateApiToken'),
      DatabaseUrl: `${ARN('DatabaseUrl')}#url`,
      EncryptionKeys: ARN('EncryptionKeys'),
      PublicUrl: 'https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws',
      Models: '*',
      // The database of tests speaks no TLS.
      PgSslMode: 'disable',
      ...parameters,
    },
    values: {
      KeyPepperSecret: ARN('KeyPepper'),
      AdminKeySecret: ARN('AdminKey'),
      MetricsTokenSecret: ARN('MetricsToken'),
    },
    // Replicate is on loopback here; nothing else differs.
    surroundings: { ...awsVariables(aws.url), REPLICATE_BASE_URL: sandbox.baseUrl },
  });
  return {
    databaseUrl: database.url,
    sandbox,
    options,
    keep: (name, value) => aws.set(ARN(name), value),
    start: async (id = 'GatewayFunction', parameters = {}) => {
      const started = await startLambdaFunction({ id, ...options(parameters) });
      running.add(started);
      return started;
    },
    makeKey: async (to, changes = {}) => {
      const admin = async (path: string, body: object): Promise<{ id: string; key: string }> =>
        (await send({ method: 'POST', path, body, key: ADMIN_KEY }, { to })).json();
      const { id } = await admin('/admin/tenants', { name: 'Acme' });
      return (await admin(`/admin/tenants/${id}/keys`, { name: 'test', ...changes })).key;
    },
    expectOneBill: () => expectOneBill({ databaseUrl: database.url, sandbox }),
    close: async () => {
      for (const it of running) await it.kill();
      await aws.close();
      await sandbox.close();
      await database.drop();
    },
  };
}

/** Hands a request to an instance. */
export function invoke(requested: Requested, { door = 'function-url', to }: Way): Invocation {
  return to.invoke(proxyEvent(door, requested));
}

/** A request's answer, when it is whole. */
export async function send(requested: Requested, way: Way): Promise<LambdaAnswer> {
  const answer = await invoke(requested, way).answer;
  const text = answer.body.toString();
  return { ...answer, text, json: () => JSON.parse(text) as never };
}

/** The webhook that Replicate sends of a prediction, signed. */
export function webhook(id: string, body: string): Requested {
  const timestamp = Math.floor(Date.now() / 1000);
  return {
    method: 'POST',
    path: `/webhooks/replicate/${id}`,
    body,
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(timestamp),
      'webhook-signature': webhookSignature(WEBHOOK_SECRET, 'msg_1', timestamp, body),
    },
  };
}
